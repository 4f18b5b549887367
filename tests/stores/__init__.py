"""Whole stores as the release before wrote them: whose users were no people, or who had two records.

Each file holds the events and the wrapped data keys of a store with its master key, and says who could read
each of its cases under that release. They are never written again.
"""
