"""What Prometheus is told: names of the configuration, states and numbers, never text of rows, releases or segments."""
