"""A report as bytes: each module has `render(content, made_at, stamp)`. No format knows a scheme.

The same content, time and stamp give the same bytes. Modules are imported by who needs them: typst is large.
"""
