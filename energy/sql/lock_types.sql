-- One loader of factors at a time, while others read on; held to the end of the transaction. Called by loading.py.
LOCK TABLE energy_energytype IN SHARE ROW EXCLUSIVE MODE
