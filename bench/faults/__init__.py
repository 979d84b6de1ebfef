"""The fault suite: the whole gateway as processes, seeded traffic, seeded faults, and the oracle after every round."""
