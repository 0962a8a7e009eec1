//! What a test can rely on when it steers a simulation by hand.

use rcsim::Error;
use rcsim::prelude::*;

fn quick() -> Simulation {
    Simulation::builder().setting("cluster-node-timeout", "1000").seed(3).build().expect("legal settings")
}

fn all_ok(world: &dyn Glimpse) -> bool {
    (0..world.place_count()).filter_map(|place| world.node(Place(place))).all(NodeGlimpse::state_ok)
}

#[test]
fn a_fork_goes_the_same_way_as_its_original() {
    let mut one = quick();
    one.run_for(Span::from_secs(2));
    one.crash("n2").expect("there is an n2");
    let mut other = one.clone();
    for simulation in [&mut one, &mut other] {
        simulation.run_for(Span::from_secs(5));
    }
    assert_eq!(one.fingerprint(), other.fingerprint());
    assert_eq!(one.records(), other.records());
}

#[test]
fn stepping_and_looking_change_nothing() {
    let (mut stepped, mut run) = (quick(), quick());
    run.run_for(Span::from_secs(3));
    assert!(!stepped.run_until(Span::from_secs(3), |world| !all_ok(world)));
    assert_eq!((stepped.now(), stepped.fingerprint()), (run.now(), run.fingerprint()));
}

#[test]
fn an_isolated_master_stops_serving_and_is_replaced_and_follows_after_the_heal() {
    let mut cluster = quick();
    cluster.run_for(Span::from_secs(2));
    cluster.isolate(&["n1"]).expect("there is an n1");
    let n1 = cluster.place("n1").expect("there is an n1");
    let refuses = |world: &dyn Glimpse| world.node(n1).is_some_and(|node| !node.state_ok());
    assert!(cluster.run_until(Span::from_secs(3), refuses), "ST-5");
    let promoted = |record: &Record| matches!(record.event, Event::Promoted { .. });
    cluster.run_for(Span::from_secs(3));
    assert!(cluster.records().iter().any(promoted));
    cluster.heal();
    assert!(cluster.run_until(Span::from_secs(5), all_ok));
    let reply = cluster.command("n1", ["CLUSTER", "NODES"]).expect("there is an n1");
    assert!(reply.is_some_and(|reply| reply.to_string().contains("myself,slave")));
    cluster.run_for(Span::from_secs(5));
    assert_eq!(cluster.finish().verdict, Verdict::Passed);
}

#[test]
fn a_command_to_a_dead_process_has_no_reply() {
    let mut cluster = quick();
    cluster.crash("n1").expect("there is an n1");
    assert_eq!(cluster.command("n1", ["PING"]).expect("there is an n1"), None);
}

#[test]
fn what_a_caller_gets_wrong_is_an_error_that_says_what_is_allowed() {
    let unknown = quick().crash("n9").expect_err("there is no n9");
    assert_eq!(unknown.to_string(), "there is no node \"n9\"; the nodes are n1, n2, n3, n4, n5, n6");
    let setting = Simulation::builder().setting("cluster-node-timeout", "soon").build();
    assert!(matches!(setting, Err(Error::Setting(_))));
    assert!(matches!(Simulation::builder().masters(0).build(), Err(Error::Size { masters: 0, .. })));
    assert!(matches!(rcsim::parse("{\"name\": \"x\", \"util\": 1}"), Err(Error::Scenario(_))));
}

#[test]
fn a_fault_that_cannot_bite_makes_the_outcome_vacuous() {
    let mut cluster = quick();
    cluster.crash("n1").expect("there is an n1");
    cluster.crash("n1").expect("there is an n1");
    assert_eq!(cluster.finish().verdict, Verdict::Vacuous);
}
