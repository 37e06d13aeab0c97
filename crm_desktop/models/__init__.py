"""The local replica: an encrypted file, one writer, and everything that keeps it honest.

`replica` opens it, `repository` writes records, `query` lists them, `search` finds them, `state` says where
the laptop stands with HQ. `recording` and `indexing` do their part unasked.
"""
