//! Where a node listens (rule ND-15).

use std::net::IpAddr;

/// The address of a node as its peers know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Its IP address; `None` while unknown, and after an id mismatch wiped it (rules HS-7, HS-10).
    pub ip: Option<IpAddr>,
    /// Client port; 0 while unknown.
    pub port: u16,
    /// Bus port; 0 while unknown.
    pub cport: u16,
    /// The plaintext client port where `port` is a TLS port; else 0.
    pub pport: u16,
}

impl Address {
    /// The address of a node that listens for clients on `port` and for the bus on `port + 10000` (rule CF-4).
    pub const fn new(ip: IpAddr, port: u16) -> Address {
        Address { ip: Some(ip), port, cport: port.wrapping_add(10000), pport: 0 }
    }

    /// The IP as text; empty while unknown.
    pub fn ip_text(&self) -> String {
        self.ip.map(|ip| ip.to_string()).unwrap_or_default()
    }

    /// Whether both name the same place, as rules GS-10 and HS-9 compare it: IP, client port and bus port.
    pub fn same_place(&self, other: &Address) -> bool {
        (self.ip, self.port, self.cport) == (other.ip, other.port, other.cport)
    }
}
