"""`make drill`: devices with an outbox, faults at random, and a ledger that has to come out even."""
