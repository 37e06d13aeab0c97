"""Charts as values, and how they lie on a surface: drawn the same on screen, on paper and in a mail.

`Chart` says what is shown, `layout` turns it into outlines and words, thin back ends draw these.
"""
