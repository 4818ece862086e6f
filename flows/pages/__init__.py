"""What an admin reads in the Prefect UI: values in, Markdown out. Chinese; no Prefect here."""
