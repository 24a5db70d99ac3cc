"""The other flows that Prefect runs, one file each; their names are module paths, and nothing else imports them."""
