//! What it is told, and what it says when that makes no sense.

use std::net::IpAddr;

use samewire_dev_sfu::config::{Config, Media};

fn read(
    flags: &[&str],
    environment: &[(&str, &str)],
    own: Option<[u8; 4]>,
) -> Result<Config, String> {
    let of = |name: &str| {
        let found = environment.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let flags = flags.iter().map(|flag| (*flag).to_owned());
    Config::read(flags, of, own.map(IpAddr::from))
}

const SECRET: (&str, &str) = ("SFU_APP_SECRET", "not for anybody's eyes");

fn listens(config: &Config) -> Vec<String> {
    config
        .media
        .iter()
        .map(|media| media.listen.to_string())
        .collect()
}

#[test]
fn told_nothing_it_takes_a_free_port_and_the_machines_own_address_with_loopback() {
    let config = read(&[], &[SECRET], Some([10, 1, 2, 3])).unwrap();
    assert_eq!(config.api.to_string(), "127.0.0.1:0");
    assert_eq!((config.app.as_str(), config.most), ("dev", None));
    assert_eq!(listens(&config), ["10.1.2.3", "127.0.0.1"]);
}

#[test]
fn on_a_machine_without_a_network_it_takes_loopback() {
    assert_eq!(listens(&read(&[], &[SECRET], None).unwrap()), ["127.0.0.1"]);
    let looped = read(&[], &[SECRET], Some([127, 0, 0, 1])).unwrap();
    assert_eq!(listens(&looped), ["127.0.0.1"]);
}

#[test]
fn flags_and_addresses_are_taken_as_they_are_said() {
    let flags = [
        "--port",
        "4000",
        "--app-id",
        "x",
        "--http-ip",
        "0.0.0.0",
        "--max-sessions",
        "2",
    ];
    let ips = [
        SECRET,
        ("SFU_LISTEN_IP", "0.0.0.0"),
        ("SFU_ANNOUNCED_IP", "192.168.0.7"),
    ];
    let config = read(&flags, &ips, None).unwrap();
    assert_eq!(config.api.to_string(), "0.0.0.0:4000");
    assert_eq!((config.app.as_str(), config.most), ("x", Some(2)));
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let media = Media {
        listen: ip("0.0.0.0"),
        announced: ip("192.168.0.7"),
    };
    assert_eq!(config.media, [media]);
}

#[test]
fn what_makes_no_sense_is_said_with_what_would() {
    for (flags, environment, said) in [
        (&[][..], &[][..], "SFU_APP_SECRET is not set"),
        (
            &["--port", "x"],
            &[SECRET],
            "--port is \"x\"; it takes a number from 0 to 65535",
        ),
        (&["--port"], &[SECRET], "--port wants a value"),
        (&["--prot", "1"], &[SECRET], "there is no --prot"),
        (
            &[],
            &[SECRET, ("SFU_LISTEN_IP", "lo")],
            "SFU_LISTEN_IP is \"lo\"; it takes IP addresses",
        ),
        (
            &[],
            &[SECRET, ("SFU_LISTEN_IP", "0.0.0.0")],
            "browsers cannot be told",
        ),
        (
            &[],
            &[SECRET, ("SFU_ANNOUNCED_IP", "192.168.0.7")],
            "put that in SFU_LISTEN_IP",
        ),
    ] {
        let why = read(flags, environment, Some([10, 1, 2, 3])).unwrap_err();
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn the_secret_is_not_in_what_is_printed_of_it() {
    let config = read(&[], &[SECRET], None).unwrap();
    assert!(!format!("{config:?}").contains(SECRET.1));
}
