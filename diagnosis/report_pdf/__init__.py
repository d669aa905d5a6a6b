"""Signed reports as PDF. Only workers load this: it decodes pictures and shapes fonts."""
