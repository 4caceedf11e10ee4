//! The shell: what only a browser or Node can do.
