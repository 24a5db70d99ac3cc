"""The decision log as a page for people who did not run the system: one HTML file, no network, made to be printed."""
