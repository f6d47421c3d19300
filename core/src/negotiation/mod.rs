//! Perfect negotiation.
