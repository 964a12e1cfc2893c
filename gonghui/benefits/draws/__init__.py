"""Draws that anybody can check: free of Django and of the database.

`lots` draws, `merkle` fixes who takes part, `document` writes what is published, `verifier` checks it.
"""
