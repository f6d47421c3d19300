//! What can be said to it, by flags and in the environment. The secret is taken from the environment
//! alone: a command line is for everybody to see.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// How to use it.
pub const USAGE: &str = "\
samewire-dev-sfu [--port PORT] [--app-id ID] [--http-ip IP] [--max-sessions N]

  --port          the API's TCP port; 0 takes a free one (0)
  --app-id        the app that there is (dev)
  --http-ip       where the API listens (127.0.0.1)
  --max-sessions  no more sessions than that (no limit)

  SFU_APP_SECRET    the app's secret, which every request must bear; needed
  SFU_LISTEN_IP     where media comes in: addresses, with commas between them
                    (this machine's own, and 127.0.0.1)
  SFU_ANNOUNCED_IP  what browsers are told instead, when SFU_LISTEN_IP is one
                    address that they know by another name";

/// A secret: it is compared and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the API listens.
    pub api: SocketAddr,
    /// The app that there is.
    pub app: String,
    /// What every request must bear.
    pub secret: Secret,
    /// Where media comes in, and what browsers are told of it.
    pub media: Vec<Media>,
    /// No more sessions than that.
    pub most: Option<usize>,
}

/// An address that media comes in at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// Where its socket is.
    pub listen: IpAddr,
    /// What browsers are told.
    pub announced: IpAddr,
}

impl Config {
    /// Reads flags and environment; `own` is this machine's address on its network, if it has one.
    ///
    /// # Errors
    ///
    /// A sentence: what was wrong, and what would be right.
    pub fn read(
        flags: impl IntoIterator<Item = String>,
        environment: impl Fn(&str) -> Option<String>,
        own: Option<IpAddr>,
    ) -> Result<Self, String> {
        let (mut port, mut ip) = (0, IpAddr::V4(Ipv4Addr::LOCALHOST));
        let (mut app, mut most) = ("dev".to_owned(), None);
        let mut flags = flags.into_iter();
        while let Some(flag) = flags.next() {
            let mut value = || {
                flags
                    .next()
                    .ok_or(format!("{flag} wants a value\n\n{USAGE}"))
            };
            match flag.as_str() {
                "--port" => port = parsed(&flag, &value()?, "a number from 0 to 65535")?,
                "--app-id" => app = value()?,
                "--http-ip" => ip = parsed(&flag, &value()?, "an IP address")?,
                "--max-sessions" => most = Some(parsed(&flag, &value()?, "a number")?),
                _ => return Err(format!("there is no {flag}\n\n{USAGE}")),
            }
        }
        let secret = environment("SFU_APP_SECRET").filter(|secret| !secret.is_empty());
        let secret = secret.ok_or("SFU_APP_SECRET is not set: put the app's secret in it")?;
        let listen = match environment("SFU_LISTEN_IP").filter(|list| !list.is_empty()) {
            Some(list) => list
                .split(',')
                .map(|one| parsed("SFU_LISTEN_IP", one.trim(), "IP addresses, with commas"))
                .collect::<Result<Vec<IpAddr>, _>>()?,
            None => own
                .into_iter()
                .filter(|own| !own.is_loopback())
                .chain([IpAddr::V4(Ipv4Addr::LOCALHOST)])
                .collect(),
        };
        let announced = environment("SFU_ANNOUNCED_IP").filter(|ip| !ip.is_empty());
        let announced: Option<IpAddr> = announced
            .map(|one| parsed("SFU_ANNOUNCED_IP", &one, "an IP address"))
            .transpose()?;
        if announced.is_some() && listen.len() != 1 {
            return Err(
                "SFU_ANNOUNCED_IP stands for one address: put that in SFU_LISTEN_IP".into(),
            );
        }
        if announced.is_none() && listen.iter().any(IpAddr::is_unspecified) {
            let why = "SFU_LISTEN_IP is every address, which browsers cannot be told: \
                       name one, or put one in SFU_ANNOUNCED_IP";
            return Err(why.into());
        }
        Ok(Self {
            api: SocketAddr::new(ip, port),
            app,
            secret: Secret(secret),
            media: listen
                .into_iter()
                .map(|listen| Media {
                    listen,
                    announced: announced.unwrap_or(listen),
                })
                .collect(),
            most,
        })
    }
}

fn parsed<T: std::str::FromStr>(what: &str, text: &str, right: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{what} is \"{text}\"; it takes {right}"))
}

/// This machine's address on its network. Nothing is sent: the kernel is asked which one it would use.
#[must_use]
pub fn own_address() -> Option<IpAddr> {
    // From the range that is for documentation.
    let far = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 9));
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(far).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}
