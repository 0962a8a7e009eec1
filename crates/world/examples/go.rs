//! x
fn main() {
    let mut s = rcsim_scenario::Scenario::named("x");
    let a: Vec<u64> = std::env::args().skip(1).map(|x| x.parse().unwrap()).collect();
    s.cluster.masters = a[0] as u16;
    s.cluster.replicas = 1;
    s.cluster.settings = vec![("cluster-node-timeout".into(), a[2].to_string())];
    s.timeline = vec![
        rcsim_scenario::Entry {
            id: "crash-1".into(),
            when: rcsim_scenario::When::At(rcsim_scenario::Span::from_secs(20)),
            must_fire: true,
            action: rcsim_scenario::Action::Crash(rcsim_scenario::Target::Node("n1".into())),
        },
        rcsim_scenario::Entry {
            id: "restart-1".into(),
            when: rcsim_scenario::When::At(rcsim_scenario::Span::from_secs(40)),
            must_fire: true,
            action: rcsim_scenario::Action::Restart {
                who: rcsim_scenario::Target::Node("n1".into()),
                disk: rcsim_scenario::DiskContents::Kept,
                address: rcsim_scenario::Address::Same,
            },
        },
    ];
    if a[3] == 0 {
        s.timeline.clear();
    }
    let t = std::time::Instant::now();
    let mut e = rcsim_world::start(&s, 1);
    eprintln!("start {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let mut n = 0;
    while e.next_at().is_some_and(|x| x.0 <= a[1] * 1_000_000_000) {
        e.step();
        n += 1;
        let (w, _) = e.parts();
        for r in w.take_records() {
            if a[3] != 0 {
                println!("{:.3} {:?} {:?}", r.at_ns as f64 / 1e9, r.place.map(|p| p.to_string()), r.event)
            }
        }
    }
    let d = t.elapsed();
    eprintln!(
        "events {n} msgs {} in {:?}: {:.0} x; {:.0} ev/s; msgs/node/s {:.3} fp {}",
        e.world().message_count(),
        d,
        a[1] as f64 / d.as_secs_f64(),
        n as f64 / d.as_secs_f64(),
        e.world().message_count() as f64 / (a[0] as f64 * 2.0) / a[1] as f64,
        e.fingerprint()
    );
}
