//! What the SFU refuses, as Cloudflare does.

mod support;

use std::time::Duration;

use samewire_dev_sfu::api::Operation;
use samewire_dev_sfu::session::{CALLS_A_SECOND, NEVER_CONNECTED, REUSE};
use samewire_dev_sfu::sfu::SessionId;
use serde_json::json;
use str0m::media::MediaKind::{Audio, Video};
use support::{Lab, close, new, renegotiate, update};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_session_that_is_not_there_is_gone_whatever_is_asked_of_it() {
    let mut lab = Lab::new(None);
    for operation in [
        Operation::Show,
        new(&json!({ "tracks": [] })),
        update(&json!({ "tracks": [] })),
        close(&json!({ "tracks": [], "force": true })),
        renegotiate("answer", ""),
    ] {
        let answer = lab
            .sfu
            .call(SessionId(9), &operation, false, lab.now)
            .unwrap();
        assert_eq!(
            (answer.status, &answer.body["errorCode"]),
            (410, &json!("session_error"))
        );
    }
}

#[test]
fn a_full_sfu_takes_no_session_until_one_is_over() {
    let mut lab = Lab::new(Some(1));
    lab.browser();
    let refused = lab.sfu.create(SessionId(7), lab.now);
    assert_eq!(refused.status, 503);
    assert_eq!(refused.body["errorCode"], "temporarily_unavailable_error");
    // One that never connects is over after a minute.
    lab.pass(NEVER_CONNECTED - SECOND);
    assert_eq!(lab.sfu.create(SessionId(7), lab.now).status, 503);
    lab.pass(SECOND * 2);
    assert_eq!(lab.sfu.create(SessionId(7), lab.now).status, 201);
}

#[test]
fn before_the_connection_is_up_a_call_waits_five_seconds_and_is_early() {
    let mut lab = Lab::new(None);
    let ana = lab.browser();
    lab.browsers[ana].online = false;
    let offered = lab.offer(ana, &[("voice", Audio)]);
    let (first, waited) = lab.ask(ana, &new(&offered.body));
    assert_eq!((first.status, waited), (200, Duration::ZERO));
    let (second, waited) = lab.ask(ana, &new(&offered.body));
    assert_eq!((second.status, waited), (425, SECOND * 5));
    assert_eq!(second.body["errorCode"], "session_error");
}

#[test]
fn a_session_that_lost_its_connection_can_be_reused_for_thirty_seconds() {
    let mut lab = Lab::new(None);
    let ana = lab.browser();
    lab.publish(ana, &[("voice", Audio)]);
    lab.browsers[ana].online = false;
    lab.pass(REUSE);
    let (answer, _) = lab.ask(ana, &new(&json!({ "tracks": [lab.remote(ana, "voice")] })));
    assert_eq!(answer.status, 410);
    assert_eq!(lab.ask(ana, &Operation::Show).0.status, 200);
    // The SFU itself notices after a while.
    lab.pass(REUSE);
    assert_eq!(lab.ask(ana, &Operation::Show).0.status, 410);
}

#[test]
fn an_offer_that_waits_for_its_answer_clashes_with_another_exchange() {
    let mut lab = Lab::new(None);
    let (ana, _) = lab.publisher("voice", Audio);
    let ben = lab.browser();
    let pull = json!({ "tracks": [lab.remote(ana, "voice")] });
    let (offered, _) = lab.ask(ben, &new(&pull));
    let push = lab.offer(ben, &[("voice", Audio)]).body;
    let sdp = push["sessionDescription"].clone();
    for operation in [
        new(&pull),
        new(&push),
        close(&json!({ "tracks": [{ "mid": "x" }], "sessionDescription": sdp })),
        renegotiate("offer", sdp["sdp"].as_str().unwrap()),
    ] {
        let (answer, _) = lab.ask(ben, &operation);
        assert_eq!(answer.status, 406, "{operation:?}");
        assert_eq!(answer.body["errorCode"], "invalid_session_description");
    }
    assert_eq!(lab.accept(ben, &offered.body).0.status, 200);
    // Its exchange is over.
    assert_eq!(lab.ask(ben, &renegotiate("answer", "v=0")).0.status, 406);
}

#[test]
fn what_was_offered_with_a_bad_answer_is_taken_back() {
    let mut lab = Lab::new(None);
    let (ana, voice) = lab.publisher("voice", Audio);
    let ben = lab.browser();
    let tracks = [lab.remote(ana, "voice")];
    lab.ask(ben, &new(&json!({ "tracks": tracks })));
    assert_eq!(
        lab.ask(ben, &renegotiate("answer", "nonsense")).0.status,
        406
    );
    assert_eq!(lab.ask(ben, &Operation::Show).0.body["tracks"], json!([]));
    lab.stream(ana, voice, None, SECOND / 10);
    assert_eq!(lab.subscribe(ben, &tracks).len(), 1);
}

#[test]
fn one_bad_track_does_not_spoil_the_others_of_a_call() {
    let mut lab = Lab::new(None);
    let (ana, _) = lab.publisher("voice", Audio);
    let ben = lab.browser();
    let tracks = [lab.remote(ana, "nobody"), lab.remote(ana, "voice")];
    let answers = lab.subscribe(ben, &tracks);
    assert_eq!(answers[0]["errorCode"], "not_found_track_error");
    assert_eq!(answers[1]["errorCode"], json!(null));
    assert!(answers[1]["mid"].is_string());
}

#[test]
fn a_track_is_not_found_before_its_publisher_is_connected() {
    let mut lab = Lab::new(None);
    let (ana, ben) = (lab.browser(), lab.browser());
    lab.browsers[ana].online = false;
    let offered = lab.offer(ana, &[("voice", Audio)]);
    lab.ask(ana, &new(&offered.body));
    let (answer, waited) = lab.ask(ben, &new(&json!({ "tracks": [lab.remote(ana, "voice")] })));
    assert_eq!((answer.status, waited), (200, Duration::ZERO));
    assert_eq!(answer.body["requiresImmediateRenegotiation"], false);
    assert_eq!(
        answer.body["tracks"][0]["errorCode"],
        "not_found_track_error"
    );
}

#[test]
fn a_layer_is_not_to_be_had_of_a_track_that_has_none() {
    let mut lab = Lab::new(None);
    let (ana, picture) = lab.publisher("picture", Video);
    let ben = lab.browser();
    let mut track = lab.remote(ana, "picture");
    let mid = lab.subscribe(ben, &[track.clone()])[0]["mid"].clone();
    lab.stream(ana, picture, None, SECOND / 10);
    track["simulcast"] = json!({ "preferredRid": "a" });
    for line in [mid, json!("none")] {
        track["mid"] = line;
        let (answer, _) = lab.ask(ben, &update(&json!({ "tracks": [track] })));
        assert_eq!(answer.body["tracks"][0]["errorCode"], "update_track_error");
    }
}

#[test]
fn a_call_that_asks_for_too_much_or_for_both_at_once_is_invalid() {
    let mut lab = Lab::new(None);
    let ana = lab.browser();
    let remote = lab.remote(ana, "voice");
    let mut both = lab.offer(ana, &[("voice", Audio)]).body;
    both["tracks"].as_array_mut().unwrap().push(remote.clone());
    let local = json!({ "location": "local", "mid": "0", "trackName": "voice" });
    for body in [
        json!({ "tracks": vec![remote; 65] }),
        json!({ "tracks": [] }),
        json!({ "tracks": [local] }),
        both,
    ] {
        let (answer, _) = lab.ask(ana, &new(&body));
        assert_eq!(
            (answer.status, &answer.body["errorCode"]),
            (400, &json!("invalid_params"))
        );
    }
}

#[test]
fn a_session_makes_fifty_calls_a_second() {
    let mut lab = Lab::new(None);
    let ana = lab.browsers.len();
    lab.browser();
    let session = lab.browsers[ana].session;
    for _ in 0..CALLS_A_SECOND {
        assert!(lab.sfu.may_call(session, lab.now));
    }
    assert!(!lab.sfu.may_call(session, lab.now));
    assert!(lab.sfu.may_call(session, lab.now + SECOND));
}
