"""Text in and out of the service: strict JSON, typed messages, canonical form, problems, signatures, identity data."""
