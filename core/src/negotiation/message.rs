//! What two negotiators say to each other.

/// The number of an offer: +1 with every offer of one negotiator, never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferId(pub u32);

impl OfferId {
    /// The number after this one.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What a description is. `pranswer` does not occur in this pattern; a rollback is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It proposes.
    Offer,
    /// It agrees.
    Answer,
}

/// A session description, its body unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description<D> {
    /// Offer or answer.
    pub kind: Kind,
    /// The number of the offer, or of the offer that is answered.
    pub offer: OfferId,
    /// The ICE user name fragments in the body (see [`ufrags`]): the candidates of which it is about.
    pub ufrags: Vec<String>,
    /// The SDP, whatever form it has outside.
    pub body: D,
}

/// An ICE candidate, its body unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<C> {
    /// The user name fragment it belongs to. A candidate without one belongs to the description that
    /// is in force.
    pub ufrag: Option<String>,
    /// The candidate, whatever form it has outside.
    pub body: C,
}

/// One message of the other side. Descriptions arrive in the order they were sent, candidates too;
/// each may overtake the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<D, C> {
    /// An offer or an answer.
    Description(Description<D>),
    /// A trickled candidate.
    Candidate(Candidate<C>),
}

/// The distinct user name fragments of an SDP, in order of appearance (RFC 8839, section 5.4).
pub fn ufrags(sdp: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in sdp.lines() {
        if let Some(ufrag) = line.strip_prefix("a=ice-ufrag:") {
            let ufrag = ufrag.trim_ascii();
            if !found.iter().any(|known| known == ufrag) {
                found.push(ufrag.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::ufrags;

    #[test]
    fn the_ufrags_of_a_bundle_are_named_once_in_order() {
        let sdp = "v=0\r\na=ice-ufrag:aB+/\r\nm=audio 9\r\na=ice-ufrag:aB+/\r\na=ice-ufrag:Zz \r\n";
        assert_eq!(ufrags(sdp), ["aB+/", "Zz"]);
        assert!(ufrags("").is_empty());
    }
}
