//! Which addresses a source may lead to: redirects and links of a service are not trusted to choose.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::Source;

/// What may be asked on behalf of one source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// Hosts that the study itself names.
    own: HashSet<String>,
    /// Whether private addresses are reached by other names too.
    private: bool,
    /// Whether nothing is refused at all.
    open: bool,
}

/// An address that is not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    host: String,
    kind: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, kind } = self;
        write!(
            f,
            "{host} is {kind} address, which the source may not lead to: source.allow_hosts can name it"
        )
    }
}

impl std::error::Error for Refused {}

impl Access {
    /// Nothing is refused: for tests, and for who has checked the addresses by other means.
    pub(crate) fn open() -> Self {
        Self {
            open: true,
            ..Self::default()
        }
    }

    pub(crate) fn of(source: &Source) -> Self {
        let settings = source.access();
        let addresses = source.addresses();
        let urls = addresses.iter().filter_map(|text| Url::parse(text).ok());
        let mut own = HashSet::new();
        let mut private = settings.private;
        for url in urls {
            private |= match url.host() {
                Some(Host::Ipv4(ip)) => kind_of(ip.into()).is_some(),
                Some(Host::Ipv6(ip)) => kind_of(ip.into()).is_some(),
                Some(Host::Domain(name)) => is_this_machine(name),
                None => false,
            };
            own.extend(authority(&url));
            own.extend(url.host_str().map(str::to_owned));
        }
        own.extend(settings.hosts.iter().map(|host| host.to_ascii_lowercase()));
        own.extend(proxies());
        Self {
            own,
            private,
            open: false,
        }
    }

    /// Whether an address by which `host` is known may be asked.
    fn allows(&self, host: &str, ip: IpAddr) -> Result<(), Refused> {
        let refused = |kind| {
            Err(Refused {
                host: host.to_owned(),
                kind,
            })
        };
        match kind_of(ip) {
            _ if self.open || self.own.contains(host) => Ok(()),
            None => Ok(()),
            Some(Kind::Local) => refused("a link-local"),
            Some(Kind::Private) if self.private => Ok(()),
            Some(Kind::Private) => refused("a private"),
        }
    }

    /// Whether an address may be asked as far as its text tells; names are told when they are resolved.
    pub(crate) fn allows_url(&self, url: &Url) -> Result<(), Refused> {
        match url.host() {
            Some(Host::Ipv4(ip)) => self.allows(&ip.to_string(), ip.into()),
            Some(Host::Ipv6(ip)) => self.allows(&format!("[{ip}]"), ip.into()),
            _ => Ok(()),
        }
    }

    /// Whether a reply from `from` may send on to `to`: on the same site, or where the study allows it.
    pub(crate) fn may_follow(&self, from: &Url, to: &Url) -> bool {
        if !matches!(to.scheme(), "http" | "https") {
            return false;
        }
        let named = |name: Option<String>| name.is_some_and(|name| self.named(&name));
        is_same_site(from, to)
            || named(authority(to))
            || named(to.host_str().map(str::to_owned)) && is_usual_port(to)
    }

    fn named(&self, host: &str) -> bool {
        self.own.contains(&host.to_ascii_lowercase())
    }

    /// The addresses of a host that may be asked.
    pub(crate) async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Trouble> {
        let found = tokio::net::lookup_host((host, port)).await?;
        let mut refused = None;
        let mut allowed = Vec::new();
        for address in found {
            match self.allows(host, address.ip()) {
                Ok(()) => allowed.push(address),
                Err(problem) => refused = Some(problem),
            }
        }
        match (allowed.is_empty(), refused) {
            (true, Some(refused)) => Err(refused.into()),
            _ => Ok(allowed),
        }
    }
}

/// An error as resolvers give it.
pub(crate) type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Resolves names for the HTTP client, without the addresses that are not asked: a name that leads to a private address
/// is as good as the address.
pub(crate) struct Guard(pub(crate) Arc<Access>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let access = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = access.resolve(name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Same scheme, host and port, or the same with `http` become `https`: where secrets may go again.
pub(crate) fn is_same_origin(from: &Url, to: &Url) -> bool {
    let upgraded = from.scheme() == "http"
        && to.scheme() == "https"
        && is_usual_port(from)
        && is_usual_port(to);
    from.host_str() == to.host_str()
        && (from.scheme() == to.scheme()
            && from.port_or_known_default() == to.port_or_known_default()
            || upgraded)
}

/// The same origin, or one host's name within the other's.
fn is_same_site(from: &Url, to: &Url) -> bool {
    let (Some(Host::Domain(a)), Some(Host::Domain(b))) = (from.host(), to.host()) else {
        return is_same_origin(from, to);
    };
    let below = |inner: &str, outer: &str| {
        outer.contains('.')
            && inner
                .strip_suffix(outer)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    let related = a == b || below(a, b) || below(b, a);
    is_same_origin(from, to) || related && is_usual_port(from) && is_usual_port(to)
}

fn is_usual_port(url: &Url) -> bool {
    url.port().is_none()
}

fn authority(url: &Url) -> Option<String> {
    Some(format!(
        "{}:{}",
        url.host_str()?,
        url.port_or_known_default()?
    ))
}

fn is_this_machine(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Hosts of proxies that the environment names: they are this machine's choice, wherever they are.
fn proxies() -> impl Iterator<Item = String> {
    PROXY_VARIABLES.iter().filter_map(|name| {
        let value = std::env::var(name).ok()?;
        let text = if value.contains("://") {
            value
        } else {
            format!("http://{value}")
        };
        Url::parse(&text).ok()?.host_str().map(str::to_owned)
    })
}

const PROXY_VARIABLES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Whether requests go through a proxy: then the connections are its own.
pub(crate) fn is_behind_proxy() -> bool {
    proxies().next().is_some()
}

/// Why an address is not of the open network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Private,
    /// Of the link only; the metadata services of clouds are there.
    Local,
}

/// RFC 6890 (special-purpose addresses), and RFC 6052 for addresses of the old kind inside new ones.
fn kind_of(ip: IpAddr) -> Option<Kind> {
    match ip {
        IpAddr::V4(ip) => kind_of_v4(ip),
        IpAddr::V6(ip) => kind_of_v6(ip),
    }
}

fn kind_of_v4(ip: Ipv4Addr) -> Option<Kind> {
    let [a, b, c, _] = ip.octets();
    if ip.is_link_local() {
        return Some(Kind::Local);
    }
    let shared = a == 100 && (64..128).contains(&b);
    let special = ip.is_private() || ip.is_loopback() || ip.is_broadcast() || ip.is_multicast();
    let reserved =
        a == 0 || a >= 240 || (a, b, c) == (192, 0, 0) || (a == 198 && (b == 18 || b == 19));
    (shared || special || reserved).then_some(Kind::Private)
}

fn kind_of_v6(ip: Ipv6Addr) -> Option<Kind> {
    let parts = ip.segments();
    let inner = match parts {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some((high, low))
        }
        [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = inner {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        return kind_of_v4(Ipv4Addr::new(a, b, c, d));
    }
    // The address at which Amazon's metadata service answers.
    if parts[0] & 0xffc0 == 0xfe80 || parts == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] {
        return Some(Kind::Local);
    }
    let private = parts[0] & 0xfe00 == 0xfc00;
    (private || ip.is_loopback() || ip.is_unspecified() || ip.is_multicast())
        .then_some(Kind::Private)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(url: &str) -> Access {
        let source = serde_json::json!({"kind": "cog", "url": url});
        Access::of(&serde_json::from_value(source).unwrap())
    }

    #[test]
    fn addresses_that_are_not_of_the_open_network_are_known() {
        let cases = [
            ("8.8.8.8", None),
            ("10.1.2.3", Some(Kind::Private)),
            ("172.31.0.1", Some(Kind::Private)),
            ("172.32.0.1", None),
            ("192.168.0.1", Some(Kind::Private)),
            ("127.9.9.9", Some(Kind::Private)),
            ("0.0.0.0", Some(Kind::Private)),
            ("100.100.100.200", Some(Kind::Private)),
            ("169.254.169.254", Some(Kind::Local)),
            ("::1", Some(Kind::Private)),
            ("::ffff:169.254.169.254", Some(Kind::Local)),
            ("::ffff:10.0.0.1", Some(Kind::Private)),
            ("64:ff9b::a9fe:a9fe", Some(Kind::Local)),
            ("2002:a00:1::", Some(Kind::Private)),
            ("fe80::1", Some(Kind::Local)),
            ("fd00:ec2::254", Some(Kind::Local)),
            ("fd12::1", Some(Kind::Private)),
            ("2606:4700::1111", None),
        ];
        for (text, kind) in cases {
            assert_eq!(kind_of(text.parse().unwrap()), kind, "{text}");
        }
    }

    #[test]
    fn private_addresses_are_asked_where_the_source_is_one() {
        let url = |text: &str| Url::parse(text).unwrap();
        let public = access("https://rasters.test/a.tif");
        assert!(public.allows_url(&url("http://10.0.0.1/")).is_err());
        assert!(public.allows_url(&url("http://[::1]/")).is_err());
        assert!(
            public
                .allows("rasters.test", "10.0.0.1".parse().unwrap())
                .is_ok()
        );
        assert!(
            public
                .allows("other.test", "10.0.0.1".parse().unwrap())
                .is_err()
        );
        let private = access("http://10.0.0.2:8080/a.tif");
        assert!(private.allows_url(&url("http://10.0.0.1/")).is_ok());
        assert!(
            private
                .allows_url(&url("http://169.254.169.254/latest"))
                .is_err()
        );
    }

    #[test]
    fn redirects_stay_on_the_site() {
        let url = |text: &str| Url::parse(text).unwrap();
        let access = access("https://rasters.test/a.tif");
        let from = url("https://rasters.test/a.tif");
        for (to, follows) in [
            ("https://rasters.test/b.tif", true),
            ("https://cdn.rasters.test/b.tif", true),
            ("https://rasters.test:8443/b.tif", false),
            ("https://evilrasters.test/b.tif", false),
            ("https://test/b.tif", false),
            ("https://other.test/b.tif", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(access.may_follow(&from, &url(to)), follows, "{to}");
        }
        let here = url("http://127.0.0.1:1/a");
        assert!(access.may_follow(&here, &url("http://127.0.0.1:1/b")));
        assert!(!access.may_follow(&here, &url("http://127.0.0.1:2/b")));
    }
}
