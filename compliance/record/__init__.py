"""Hours of record: what each chimney emitted in each hour, measured or by the organisation's substitution method."""
