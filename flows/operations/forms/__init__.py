"""The forms that offices exchange: how each is taken in, and how it is made out.

Each module has `take`, from a workbook to what is stored, and `make`, the other way round.
"""
