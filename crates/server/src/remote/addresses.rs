//! The addresses under which other machines reach this one.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

/// Returns the machine's addresses on its networks, that of the usual way out first. They are asked
/// for each time, since networks come and go.
pub(super) fn on_networks() -> Vec<Ipv4Addr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!(%error, "the addresses of this machine were not read: {error}");
        Vec::new()
    });
    let found = interfaces.into_iter().filter_map(|interface| match interface.ip() {
        IpAddr::V4(ip) => Some(ip),
        // The port is open for the fourth version only.
        IpAddr::V6(_) => None,
    });
    sorted(found, usual_way_out())
}

fn sorted(found: impl Iterator<Item = Ipv4Addr>, first: Option<Ipv4Addr>) -> Vec<Ipv4Addr> {
    let mut addresses: Vec<Ipv4Addr> = found.filter(is_usable).collect();
    addresses.sort_by_key(|ip| (Some(*ip) != first, !ip.is_private(), *ip));
    addresses.dedup();
    addresses
}

fn is_usable(ip: &Ipv4Addr) -> bool {
    !(ip.is_loopback() || ip.is_link_local() || ip.is_unspecified())
}

/// Asks the system from which address it would send. Nothing is sent.
fn usual_way_out() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address of the documentation's, which no machine has.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_else_reaches_is_left_out_and_the_usual_way_comes_first() {
        let found = ["127.0.0.1", "169.254.3.4", "203.0.113.9", "192.168.1.7", "172.17.0.1"];
        let found = found.iter().map(|text| text.parse().unwrap());
        let shown: Vec<String> = sorted(found, Some(Ipv4Addr::new(192, 168, 1, 7)))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(shown, ["192.168.1.7", "172.17.0.1", "203.0.113.9"]);
    }
}
