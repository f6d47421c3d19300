//! Who may ask for what.

use subtle::ConstantTimeEq;

use crate::config::{AdminKey, AdminRole, Config, DEV_ADMIN_KEY, DEV_API_KEY};
use crate::problem::ApiError;

/// Whether a host is this machine: the only one on which the demo and the development keys work.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// Compares without telling, by the time it takes, where two texts differ.
fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

fn refuse_dev_key(given: &str, host: &str) -> Result<(), ApiError> {
    let is_dev = given == DEV_API_KEY || given == DEV_ADMIN_KEY;
    if is_dev && !is_loopback(host) {
        return Err(ApiError::Forbidden(
            "the keys of .dev.vars.example work on a loopback host only; set API_KEY and ADMIN_KEYS".to_owned(),
        ));
    }
    Ok(())
}

/// The key of an `Authorization: Bearer …` header.
pub fn bearer(header: Option<&str>) -> Option<&str> {
    let (scheme, key) = header?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

/// Admits a backend.
pub fn backend(config: &Config, given: Option<&str>, host: &str) -> Result<(), ApiError> {
    match given {
        Some(given) if same(given, &config.api_key) => refuse_dev_key(given, host),
        Some(_) => Err(ApiError::Unauthorised("the API key is wrong".to_owned())),
        None => Err(ApiError::Unauthorised(
            "send the API key as \"Authorization: Bearer …\"".to_owned(),
        )),
    }
}

/// The operator who shows this key; `None` where it is nobody's.
pub fn admin<'a>(
    config: &'a Config,
    given: &str,
    host: &str,
) -> Result<Option<(&'a str, &'a AdminKey)>, ApiError> {
    // Every key is looked at, so that the time taken does not tell which one is close.
    let found = config.admin_keys.iter().fold(None, |found, (name, key)| {
        if same(given, &key.key) {
            Some((name.as_str(), key))
        } else {
            found
        }
    });
    if found.is_some() {
        refuse_dev_key(given, host)?;
    } else if same(given, &config.api_key) {
        let detail = "this is the API key; here it takes an admin key".to_owned();
        return Err(ApiError::Forbidden(detail));
    }
    Ok(found)
}

/// The operator who shows a key and nothing but a key.
pub fn any_admin<'a>(
    config: &'a Config,
    given: Option<&str>,
    host: &str,
) -> Result<(&'a str, &'a AdminKey), ApiError> {
    let Some(given) = given else {
        return Err(ApiError::Unauthorised(
            "send an admin key as \"Authorization: Bearer …\"".to_owned(),
        ));
    };
    if let Some(found) = admin(config, given, host)? {
        return Ok(found);
    }
    // A join token is three parts in base64; no key that is any good looks like it.
    let parts = given.split('.').count();
    Err(ApiError::Unauthorised(if parts == 3 {
        "a join token does not do here; it takes an admin key".to_owned()
    } else {
        "the admin key is wrong".to_owned()
    }))
}

/// The name of the operator who shows a key that may act.
pub fn operator<'a>(
    config: &'a Config,
    given: Option<&str>,
    host: &str,
) -> Result<&'a str, ApiError> {
    let (name, key) = any_admin(config, given, host)?;
    match key.role {
        AdminRole::Operator => Ok(name),
        AdminRole::Viewer => Err(ApiError::Forbidden(format!(
            "the key \"{name}\" has the role \"viewer\", which may look; to act takes \"operator\""
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_this_machine_only() {
        for host in [
            "localhost",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "[::1]",
            "app.localhost",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "example.com",
            "localhost.example.com",
            "10.0.0.1",
            "128.0.0.1",
            "",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_bearer_is_read_whatever_the_case_of_its_scheme() {
        assert_eq!(bearer(Some("Bearer abc")), Some("abc"));
        assert_eq!(bearer(Some("bearer abc ")), Some("abc"));
        assert_eq!(bearer(Some("Basic abc")), None);
        assert_eq!(bearer(None), None);
    }

    #[test]
    fn development_keys_are_refused_off_this_machine() {
        let vars = |key: &str| match key {
            "TOKEN_SECRET" => Some("0123456789abcdef0123456789abcdef".to_owned()),
            "API_KEY" => Some(DEV_API_KEY.to_owned()),
            "ADMIN_KEYS" => Some(format!(
                r#"{{"dev":{{"key":"{DEV_ADMIN_KEY}","role":"operator"}}}}"#
            )),
            _ => None,
        };
        let config = Config::read(vars).unwrap();
        assert!(backend(&config, Some(DEV_API_KEY), "localhost").is_ok());
        assert!(matches!(
            backend(&config, Some(DEV_API_KEY), "calls.example.com"),
            Err(ApiError::Forbidden(_))
        ));
        assert!(matches!(
            backend(&config, Some("x"), "localhost"),
            Err(ApiError::Unauthorised(_))
        ));
        assert!(
            admin(&config, DEV_ADMIN_KEY, "localhost")
                .unwrap()
                .is_some()
        );
        assert!(admin(&config, DEV_ADMIN_KEY, "calls.example.com").is_err());
        assert!(admin(&config, "x", "localhost").unwrap().is_none());
    }
}
