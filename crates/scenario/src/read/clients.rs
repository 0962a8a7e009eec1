//! The clients.

use super::{Fields, Reading};
use crate::code;
use crate::model::{ClientSpec, Workload};
use crate::source::Node;
use crate::table::CLIENT;

impl<'a> Reading<'a> {
    /// Reads all clients; their names are known afterwards.
    pub(super) fn all_clients(&mut self, list: Option<&'a Node>) -> Option<Vec<ClientSpec>> {
        let read = |node| self.client(Fields::of(Some(node), &CLIENT));
        let clients: Vec<Option<ClientSpec>> =
            list.map(Node::elements).unwrap_or_default().iter().map(read).collect();
        clients.into_iter().collect()
    }

    fn client(&mut self, fields: Fields<'a>) -> Option<ClientSpec> {
        let name = fields.text("name")?;
        self.claim_name(fields.node("name")?, &name);
        self.clients.push(name.clone());
        let near = fields.node("near").map(|node| self.node_name(node));
        Some(ClientSpec {
            name,
            workload: Workload::Registers,
            rate: fields.quantity("rate")?,
            keys: fields.whole("keys")?,
            reads: fields.quantity("reads")?,
            near: match near {
                Some(near) => Some(near?),
                None => None,
            },
            timeout: fields.quantity("timeout")?,
            retries: fields.whole("retries")?,
            think: fields.quantity("think")?,
        })
    }

    /// A client's name belongs to it alone.
    fn claim_name(&mut self, place: &Node, name: &str) {
        let holder = match &self.nodes {
            Some(nodes) if nodes.iter().any(|node| node == name) => "a node",
            _ if self.clients.iter().any(|client| client == name) => "another client",
            _ => return,
        };
        let message = format!("the name \"{name}\" belongs to {holder}");
        let error = self.diagnostics.error(code::NAME_TWICE, place.place, message);
        error.at(&place.pointer).help("client names are usually \"c1\", \"c2\", ...");
    }
}
