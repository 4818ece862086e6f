"""What a person asks for by a form: each form with its flow in one file, and what they share."""
