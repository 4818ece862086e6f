"""The year's papers: reports, bulletins, letters, inspection, acceptance, assessments."""
