//! What stands at the head of a report: what is run, and how it was set.

use rcsim_protocol::Settings;
use rcsim_scenario::{Cluster, Distribution, MemberRole, NetworkSpec, Pacing, Scenario, Span};

/// Up to so many replicas are named with their masters.
const REPLICAS_NAMED: usize = 12;

/// The options of a run as names and values. `until`: the end given on the command line.
pub(crate) fn options(
    scenario: &Scenario,
    from: &str,
    seed: u64,
    until: Option<Span>,
) -> Vec<(String, String)> {
    let mut rows = vec![
        ("rcsim", env!("CARGO_PKG_VERSION").to_owned()),
        ("scenario", format!("{} ({from})", scenario.name)),
        ("seed", seed.to_string()),
        ("cluster", cluster(&scenario.cluster)),
        ("network", network(&scenario.network)),
        ("until", until.unwrap_or(scenario.until).to_string()),
    ];
    if !scenario.clients.is_empty() {
        let clients = scenario.clients.iter().map(|client| match client.pacing {
            Pacing::Closed => format!("{} in a closed loop", client.name),
            Pacing::Paced | Pacing::Open => format!("{} at {}", client.name, client.rate),
        });
        rows.insert(5, ("clients", clients.collect::<Vec<_>>().join(", ")));
    }
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn cluster(cluster: &Cluster) -> String {
    let timeout = setting(cluster, "cluster-node-timeout");
    let members = cluster.members();
    let follows = members.iter().filter_map(|member| match &member.role {
        MemberRole::Replica(master) => Some(format!("{} of {master}", member.name)),
        MemberRole::Master(_) | MemberRole::Bare => None,
    });
    let follows: Vec<String> = follows.collect();
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let nodes = match cluster.formed {
        false => count(members.len(), "bare node"),
        true if cluster.extra > 0 => {
            let masters = members.len() - follows.len() - usize::from(cluster.extra);
            let extra = count(cluster.extra.into(), "extra node");
            format!("{}, {}, {extra}", count(masters, "master"), count(follows.len(), "replica"))
        }
        true => {
            let masters = members.len() - follows.len();
            format!("{}, {}", count(masters, "master"), count(follows.len(), "replica"))
        }
    };
    let named = match follows.len() {
        1..=REPLICAS_NAMED => format!(" ({})", follows.join(", ")),
        _ => String::new(),
    };
    format!("{nodes}{named}, cluster-node-timeout {timeout} ms")
}

/// The value that the scenario gives to a directive on all nodes, or its default.
fn setting(cluster: &Cluster, name: &str) -> String {
    let given =
        cluster.settings.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.clone());
    given.or_else(|| Settings::default().get(name)).unwrap_or_default()
}

fn network(network: &NetworkSpec) -> String {
    let mut text = format!("one-way latency {}", distribution(&network.latency));
    if network.loss.numerator > 0 {
        text.push_str(&format!(", loss {}", network.loss));
    }
    if let Some(bandwidth) = network.bandwidth {
        text.push_str(&format!(", {bandwidth}"));
    }
    text
}

fn distribution(lengths: &Distribution) -> String {
    match lengths {
        Distribution::Constant(length) => length.to_string(),
        Distribution::Uniform(least, most) => format!("{least} to {most}"),
        Distribution::Exponential { mean, min } => format!("at least {min}, {mean} on average"),
        Distribution::Bimodal { usual, other, share } => {
            format!("{}, and {} in {share} of the cases", distribution(usual), distribution(other))
        }
        Distribution::Quantiles(points) => match (points.first(), points.last()) {
            (Some((_, least)), Some((_, most))) => format!("{least} to {most} as measured"),
            _ => "as measured".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_line_names_who_follows_whom() {
        let settings = vec![("cluster-node-timeout".to_owned(), "5000".to_owned())];
        let mut three = Cluster { masters: 3, replicas: 1, extra: 0, formed: true, settings, nodes: vec![] };
        let line = "3 masters, 3 replicas (n4 of n1, n5 of n2, n6 of n3), cluster-node-timeout 5000 ms";
        assert_eq!(cluster(&three), line);
        three.settings.clear();
        three.formed = false;
        assert_eq!(cluster(&three), "6 bare nodes, cluster-node-timeout 15000 ms");
    }

    #[test]
    fn the_network_line_says_what_is_not_perfect() {
        assert_eq!(network(&NetworkSpec::default()), "one-way latency at least 100us, 850us on average");
    }
}
