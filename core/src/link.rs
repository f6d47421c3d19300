//! The signalling link.
