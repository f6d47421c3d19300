//! Which layer a subscriber is sent, and when it is asked for.

use std::time::{Duration, Instant};

use samewire_dev_sfu::forward::{ASK_AGAIN, Arrival, Forwarder};
use samewire_dev_sfu::layers::{Layer, Layers, Ordering, SILENCE, Wish};
use samewire_dev_sfu::rewrite::Marks;
use str0m::media::MediaKind;

fn begin() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn layer(name: &str) -> Layer {
    Layer(Some(name.into()))
}

fn wish(preferred: &str, rid_not_available: Ordering) -> Wish {
    Wish {
        preferred_rid: Some(preferred.into()),
        rid_not_available,
        ..Wish::default()
    }
}

fn heard(names: &[&str], now: Instant) -> Layers {
    let mut layers = Layers::default();
    for name in names {
        layers.heard(layer(name), now);
    }
    layers
}

#[test]
fn a_preferred_layer_that_is_not_sent_is_no_video_unless_another_may_stand_in() {
    let now = begin();
    let layers = heard(&["c", "a"], now);
    assert_eq!(layers.pick(&wish("b", Ordering::None), now), None);
    let stand_in = |preferred| layers.pick(&wish(preferred, Ordering::Asciibetical), now);
    assert_eq!(stand_in("a"), Some(layer("a")));
    assert_eq!(stand_in("b"), Some(layer("c")));
    assert_eq!(stand_in("d"), Some(layer("c")));
}

#[test]
fn a_layer_is_there_until_it_was_silent_for_two_seconds() {
    let now = begin();
    let mut layers = heard(&["a", "b"], now);
    let later = now + SILENCE;
    layers.heard(layer("b"), later);
    let almost = later - Duration::from_millis(1);
    let wish = wish("a", Ordering::Asciibetical);
    assert_eq!(layers.pick(&wish, almost), Some(layer("a")));
    assert_eq!(layers.pick(&wish, later), Some(layer("b")));
}

#[test]
fn whoever_prefers_none_gets_the_best_and_whoever_has_no_choice_gets_what_there_is() {
    let now = begin();
    let layers = heard(&["b", "a"], now);
    assert_eq!(layers.pick(&Wish::default(), now), Some(layer("a")));
    let mut plain = Layers::default();
    plain.heard(Layer(None), now);
    assert_eq!(
        plain.pick(&wish("b", Ordering::None), now),
        Some(Layer(None))
    );
}

/// A packet of a layer.
fn packet(name: &str, sequence: u64, begins: bool) -> Arrival {
    Arrival {
        layer: layer(name),
        marks: Marks {
            sequence,
            time: 0,
            picture: None,
            base: None,
        },
        begins,
    }
}

#[test]
fn nothing_is_sent_before_a_keyframe_which_is_asked_for_until_it_comes() {
    let now = begin();
    let mut stream = Forwarder::new(MediaKind::Video, Wish::default());
    assert_eq!(stream.take(packet("a", 5, false), now), None);
    assert_eq!(stream.awaits(now), Some(layer("a")));
    let almost = now + ASK_AGAIN - Duration::from_millis(1);
    assert_eq!(stream.awaits(almost), None);
    assert_eq!(stream.awaits(now + ASK_AGAIN), Some(layer("a")));
    let later = now + ASK_AGAIN;
    assert_eq!(
        stream.take(packet("a", 6, true), later).unwrap().sequence,
        1
    );
    assert_eq!(
        stream.take(packet("a", 7, false), later).unwrap().sequence,
        2
    );
    assert_eq!(stream.awaits(later + ASK_AGAIN), None);
}

#[test]
fn the_old_layer_goes_on_until_the_new_ones_keyframe() {
    let now = begin();
    let mut stream = Forwarder::new(MediaKind::Video, wish("b", Ordering::None));
    stream.take(packet("b", 5, true), now).unwrap();
    stream.prefer(wish("a", Ordering::None));
    assert_eq!(stream.take(packet("a", 70, false), now), None);
    assert_eq!(stream.awaits(now), Some(layer("a")));
    assert_eq!(stream.take(packet("b", 6, false), now).unwrap().sequence, 2);
    assert_eq!(stream.take(packet("a", 71, true), now).unwrap().sequence, 3);
    assert_eq!(stream.take(packet("b", 7, true), now), None);
}

#[test]
fn another_track_on_the_same_line_begins_with_its_keyframe() {
    let now = begin();
    let mut stream = Forwarder::new(MediaKind::Video, Wish::default());
    stream.take(packet("a", 5, true), now).unwrap();
    stream.follow(Wish::default());
    assert_eq!(stream.take(packet("a", 900, false), now), None);
    assert_eq!(
        stream.take(packet("a", 901, true), now).unwrap().sequence,
        2
    );
}

#[test]
fn of_audio_every_packet_is_a_beginning_and_none_is_asked_for() {
    let now = begin();
    let mut stream = Forwarder::new(MediaKind::Audio, Wish::default());
    assert_eq!(stream.awaits(now), None);
    let voice = Arrival {
        layer: Layer(None),
        ..packet("", 5, true)
    };
    assert_eq!(stream.take(voice, now).unwrap().sequence, 1);
    assert_eq!(stream.awaits(now), None);
}
