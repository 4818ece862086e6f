"""One project, city or province: actions, facts, money, review, corrections."""
