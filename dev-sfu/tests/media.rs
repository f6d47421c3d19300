//! What browsers send each other through the SFU.

mod support;

use std::time::Duration;

use samewire_dev_sfu::session::TRACK_SILENCE;
use serde_json::json;
use str0m::media::MediaKind::{Audio, Video};
use str0m::media::Mid;
use support::{Lab, close, new, update};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn voice_and_picture_come_out_where_they_are_subscribed_to() {
    let mut lab = Lab::new(None);
    let (ana, ben) = (lab.browser(), lab.browser());
    let lines = lab.publish(ana, &[("voice", Audio), ("picture", Video)]);
    for line in &lines {
        lab.send(ana, *line, None, true);
    }
    lab.pass(SECOND / 10);
    let tracks = [lab.remote(ana, "voice"), lab.remote(ana, "picture")];
    let answers = lab.subscribe(ben, &tracks);
    for line in &lines {
        lab.stream(ana, *line, None, SECOND);
    }
    for answer in answers {
        let mid = Mid::from(answer["mid"].as_str().unwrap());
        let got = lab.browsers[ben]
            .received
            .iter()
            .filter(|(line, _)| *line == mid);
        let sequences: Vec<u16> = got
            .map(|(_, packet)| packet.header.sequence_number)
            .collect();
        assert!(sequences.len() > 20, "{sequences:?}");
        assert!(
            sequences.iter().zip(1..).all(|(got, n)| *got == n),
            "{sequences:?}"
        );
    }
}

#[test]
fn a_subscribers_first_packet_of_video_is_a_keyframe_that_was_asked_for() {
    let mut lab = Lab::new(None);
    let (ana, picture) = lab.publisher("picture", Video);
    let ben = lab.browser();
    let tracks = [lab.remote(ana, "picture")];
    lab.subscribe(ben, &tracks);
    for _ in 0..5 {
        lab.send(ana, picture, None, false);
        lab.pass(SECOND / 100);
    }
    assert!(lab.browsers[ben].received.is_empty());
    assert!(lab.browsers[ana].asked.iter().any(|one| one.mid == picture));
    lab.stream(ana, picture, None, SECOND);
    assert_eq!(lab.browsers[ben].received[0].1.payload[4] & 1, 0);
}

#[test]
fn a_subscribers_own_request_for_a_keyframe_goes_to_the_publisher() {
    let mut lab = Lab::new(None);
    let (ana, picture) = lab.publisher("picture", Video);
    let ben = lab.browser();
    let tracks = [lab.remote(ana, "picture")];
    let mid = Mid::from(lab.subscribe(ben, &tracks)[0]["mid"].as_str().unwrap());
    lab.stream(ana, picture, None, SECOND);
    lab.browsers[ana].asked.clear();
    let mut direct = lab.browsers[ben].rtc.direct_api();
    let stream = direct.stream_rx_by_mid(mid, None).unwrap();
    stream.request_keyframe(str0m::media::KeyframeRequestKind::Pli);
    lab.pass(SECOND / 10);
    assert!(lab.browsers[ana].asked.iter().any(|one| one.mid == picture));
}

#[test]
fn another_layer_and_another_track_come_on_the_same_line_without_an_exchange() {
    let mut lab = Lab::new(None);
    let (ana, ben, cleo) = (lab.browser(), lab.browser(), lab.browser());
    let layered = lab.publish(ana, &[("layered", Video)])[0];
    let other = lab.publish(cleo, &[("other", Video), ("voice", Audio)]);
    lab.stream(ana, layered, Some("b"), SECOND / 10);
    lab.stream(cleo, other[0], None, SECOND / 10);
    lab.stream(cleo, other[1], None, SECOND / 10);
    let mut track = lab.remote(ana, "layered");
    track["simulcast"] = json!({ "preferredRid": "b" });
    let mid = lab.subscribe(ben, &[track.clone()])[0]["mid"].clone();
    lab.stream(ana, layered, Some("b"), SECOND / 2);
    let count = |lab: &Lab| lab.browsers[ben].received.len();
    let before = count(&lab);
    assert!(before > 0);

    track["mid"] = mid.clone();
    track["simulcast"] = json!({ "preferredRid": "a" });
    let (answer, _) = lab.ask(ben, &update(&json!({ "tracks": [track] })));
    assert_eq!(answer.body["requiresImmediateRenegotiation"], false);
    assert_eq!(answer.body["tracks"][0]["errorCode"], json!(null));
    lab.stream(ana, layered, Some("a"), SECOND / 2);
    let between = count(&lab);
    assert!(between > before);

    lab.stream(cleo, other[0], None, SECOND / 10);
    let mut track = lab.remote(cleo, "other");
    track["mid"] = mid.clone();
    let (answer, _) = lab.ask(ben, &update(&json!({ "tracks": [track] })));
    assert_eq!(answer.body["tracks"][0]["errorCode"], json!(null));
    lab.stream(cleo, other[0], None, SECOND / 2);
    assert!(count(&lab) > between);
    let got = lab.browsers[ben]
        .received
        .iter()
        .map(|(_, packet)| packet.header.sequence_number);
    assert!(got.zip(1..).all(|(got, n)| got == n));

    lab.stream(cleo, other[1], None, SECOND / 10);
    let mut voice = lab.remote(cleo, "voice");
    voice["mid"] = mid;
    let (answer, _) = lab.ask(ben, &update(&json!({ "tracks": [voice] })));
    assert_eq!(answer.body["tracks"][0]["errorCode"], "update_track_error");
}

#[test]
fn a_track_that_is_closed_by_force_flows_no_more_and_its_line_is_spent() {
    let mut lab = Lab::new(None);
    let (ana, voice) = lab.publisher("voice", Audio);
    let ben = lab.browser();
    let tracks = [lab.remote(ana, "voice")];
    lab.subscribe(ben, &tracks);
    let body = json!({ "force": true, "tracks": [{ "mid": &*voice }, { "mid": "none" }] });
    let (answer, _) = lab.ask(ana, &close(&body));
    assert_eq!(answer.body["tracks"][0], json!({ "mid": &*voice }));
    assert_eq!(answer.body["tracks"][1]["errorCode"], "close_track_error");
    lab.browsers[ben].received.clear();
    lab.stream(ana, voice, None, SECOND / 10);
    assert!(lab.browsers[ben].received.is_empty());
    let (answer, _) = lab.ask(ben, &new(&json!({ "tracks": tracks })));
    assert_eq!(
        answer.body["tracks"][0]["errorCode"],
        "not_found_track_error"
    );
}

#[test]
fn a_track_is_forgotten_when_nothing_came_of_it_for_thirty_seconds() {
    let mut lab = Lab::new(None);
    let (ana, _) = lab.publisher("voice", Audio);
    let ben = lab.browser();
    let body = new(&json!({ "tracks": [lab.remote(ana, "voice")] }));
    lab.pass(TRACK_SILENCE - SECOND * 6);
    let (answer, waited) = lab.ask(ben, &body);
    assert_eq!(answer.body["tracks"][0]["errorCode"], "empty_track_error");
    assert_eq!(waited, SECOND * 5);
    lab.pass(SECOND * 2);
    let (answer, waited) = lab.ask(ben, &body);
    assert_eq!(
        answer.body["tracks"][0]["errorCode"],
        "not_found_track_error"
    );
    assert_eq!(waited, Duration::ZERO);
}
