"""What a person asks for by a form: its fields, what is done, and what is told. No Prefect here."""
