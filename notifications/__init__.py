"""Whom we tell: messages, their text, and the channels that carry them."""
