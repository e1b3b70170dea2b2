"""Results on disk.

Nothing is imported here: who only needs the names of a table's columns does not wait for SimpleITK or pydantic.
"""
