//! The JSON Schema (draft 2020-12) of the format, read from the table.
//!
//! Two things it cannot say: which event names exist, and that names refer to something. The parser says
//! those.

use rcsim_protocol::Settings;
use rcsim_protocol::bus::MessageKind;

use crate::json::Json;
use crate::table::{Key, Kind, Need, Object, Part, Quantity, Rule, Union, parts};

/// The schema as a value.
pub fn schema() -> serde_json::Value {
    serde_json::from_str(&schema_text()).expect("the schema is printed as JSON")
}

/// The schema as the text of `scenarios/scenario.schema.json`; always the same for the same version.
pub fn schema_text() -> String {
    let mut definitions: Vec<(String, Json)> = Vec::new();
    for part in parts() {
        let json = match part {
            Part::Object(object) => Json::Object(object_schema(object, &[], &[])),
            Part::Union(union) => union_schema(union),
        };
        definitions.push((slug(part.name()), json));
    }
    definitions.extend(plain_definitions().into_iter().map(|(name, json)| (name.to_owned(), json)));
    Json::object([
        ("$schema", Json::text("https://json-schema.org/draft/2020-12/schema")),
        ("title", Json::text("rcsim scenario")),
        ("$ref", Json::text("#/$defs/scenario")),
        ("$defs", Json::Object(definitions)),
    ])
    .print()
}

/// A name of the table as a part of a reference.
pub(crate) fn slug(name: &str) -> String {
    name.replace(' ', "-")
}

fn reference(name: &str) -> Json {
    Json::object([("$ref", Json::text(format!("#/$defs/{}", slug(name))))])
}

fn typed(name: &str) -> Json {
    Json::object([("type", Json::text(name))])
}

fn pattern(pattern: &str, description: &str) -> Json {
    Json::object([
        ("type", Json::text("string")),
        ("pattern", Json::text(pattern)),
        ("description", Json::text(description)),
    ])
}

fn texts<'a>(words: impl IntoIterator<Item = &'a str>) -> Json {
    Json::List(words.into_iter().map(Json::text).collect())
}

fn field(name: &str, value: Json) -> (String, Json) {
    (name.to_owned(), value)
}

// ---- objects ----------------------------------------------------------------------------------------------

fn object_schema(
    object: &'static Object,
    common: &'static [Key],
    rules: &'static [Rule],
) -> Vec<(String, Json)> {
    let keys = || object.keys.iter().chain(common);
    let required = keys().filter(|key| matches!(key.need, Need::Required)).map(|key| key.name);
    let mut fields = vec![
        field("type", Json::text("object")),
        field("description", Json::text(object.doc)),
        field("properties", Json::Object(keys().map(|key| field(key.name, key_schema(key))).collect())),
        field("patternProperties", Json::object([("^(x-.*|\\$comment)$", Json::raw(true))])),
        field("additionalProperties", Json::raw(false)),
        field("required", texts(required)),
    ];
    fields.extend(rule_schema(object.rules.iter().chain(rules)));
    fields
}

fn rule_schema(rules: impl Iterator<Item = &'static Rule>) -> Vec<(String, Json)> {
    let alternatives = |keys: &[&str]| {
        Json::List(keys.iter().map(|key| Json::object([("required", texts([*key]))])).collect())
    };
    let mut fields = Vec::new();
    let mut dependent = Vec::new();
    for rule in rules {
        match rule {
            Rule::ExactlyOne(keys) => fields.push(field("oneOf", alternatives(keys))),
            Rule::AtLeastOne(keys) => fields.push(field("anyOf", alternatives(keys))),
            Rule::Needs(key, other) => dependent.push(field(key, texts([*other]))),
        }
    }
    if !dependent.is_empty() {
        fields.push(field("dependentRequired", Json::Object(dependent)));
    }
    fields
}

fn union_schema(union: &'static Union) -> Json {
    let variants = union.variants.iter();
    let variants = variants.map(|variant| Json::Object(object_schema(variant, union.common, union.rules)));
    Json::object([("description", Json::text(union.doc)), ("oneOf", Json::List(variants.collect()))])
}

fn key_schema(key: &Key) -> Json {
    let mut fields = vec![field("description", Json::text(key.doc))];
    if let Need::Default(default) = key.need {
        fields.push(field("default", Json::raw(default)));
    }
    fields.push(field("examples", Json::List(vec![Json::raw(key.example)])));
    if let Json::Object(own) = kind_schema(&key.kind) {
        fields.extend(own.into_iter().filter(|(name, _)| name != "description"));
    }
    Json::Object(fields)
}

// ---- kinds ------------------------------------------------------------------------------------------------

fn kind_schema(kind: &Kind) -> Json {
    match kind {
        Kind::Text => typed("string"),
        Kind::Lines => any_of([typed("string"), list(0, typed("string"))]),
        Kind::Flag => typed("boolean"),
        Kind::Yes => Json::object([("const", Json::raw(true))]),
        Kind::Whole(least, most) => whole(*least, *most),
        Kind::Quantity(quantity) => reference(quantity_name(*quantity)),
        Kind::Word(words) => {
            let word = |(word, doc): &(&str, &str)| {
                Json::object([("const", Json::text(word)), ("description", Json::text(doc))])
            };
            Json::object([("oneOf", Json::List(words.iter().map(word).collect()))])
        }
        Kind::Finding | Kind::Weakness => typed("string"),
        Kind::Messages => any_of([reference("bus message"), list(0, reference("bus message"))]),
        Kind::Target => any_of([reference("target"), list(1, reference("target"))]),
        Kind::Seed | Kind::Name | Kind::Event | Kind::Anchor | Kind::Settings | Kind::Slots => {
            reference(plain_name(kind))
        }
        Kind::Quantiles => {
            let percentile = any_of([whole(0, 100), reference("ratio")]);
            let point = Json::object([
                ("type", Json::text("array")),
                ("prefixItems", Json::List(vec![percentile, reference("duration")])),
                ("minItems", Json::raw(2)),
                ("maxItems", Json::raw(2)),
            ]);
            list(2, point)
        }
        Kind::Pair(of) => Json::object([
            ("type", Json::text("array")),
            ("items", kind_schema(of)),
            ("minItems", Json::raw(2)),
            ("maxItems", Json::raw(2)),
        ]),
        Kind::List(least, of) => list(*least, kind_schema(of)),
        Kind::Object(object) => reference(object.name),
        Kind::Union(union) => reference(union.name),
        Kind::Or(plain, other) => any_of([kind_schema(plain), kind_schema(other)]),
    }
}

fn any_of<const N: usize>(kinds: [Json; N]) -> Json {
    Json::object([("anyOf", Json::List(kinds.to_vec()))])
}

fn list(least: usize, items: Json) -> Json {
    let mut fields = vec![field("type", Json::text("array")), field("items", items)];
    fields.extend((least > 0).then(|| field("minItems", Json::raw(least))));
    Json::Object(fields)
}

fn whole(least: u64, most: u64) -> Json {
    let mut fields = vec![field("type", Json::text("integer")), field("minimum", Json::raw(least))];
    fields.extend((most < u64::MAX).then(|| field("maximum", Json::raw(most))));
    Json::Object(fields)
}

fn quantity_name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Span => "duration",
        Quantity::Shift => "step",
        Quantity::Ppm => "drift",
        Quantity::Ratio => "ratio",
        Quantity::Rate => "rate",
        Quantity::Bandwidth => "bandwidth",
    }
}

fn plain_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Seed => "seed",
        Kind::Event => "event",
        Kind::Anchor => "fault",
        Kind::Settings => "settings",
        Kind::Slots => "slots",
        _ => "name",
    }
}

/// The definitions of values that are not objects of the table.
fn plain_definitions() -> Vec<(&'static str, Json)> {
    let seed = any_of([
        whole(0, u64::MAX),
        pattern("^(0x[0-9a-fA-F][0-9a-fA-F_]*|[0-9][0-9_]*)$", "Decimal or 0x."),
    ]);
    vec![
        ("duration", pattern("^[0-9]+(ns|us|ms|s|min|h)$", "A whole number and a unit.")),
        ("step", pattern("^[+-]?[0-9]+(ns|us|ms|s|min|h)$", "A duration with a sign.")),
        ("drift", pattern("^[+-]?[0-9]+ppm$", "Parts per million.")),
        (
            "ratio",
            pattern("^([0-9]+/[0-9]+|[0-9]+(\\.[0-9]+)?%)$", "One number over another, or a percentage."),
        ),
        ("rate", pattern("^[0-9]+/(ms|s|min)$", "A whole number per unit of time.")),
        ("bandwidth", pattern("^[0-9]+(B|kB|MB|GB|KiB|MiB)/s$", "Bytes per second.")),
        ("seed", seed),
        ("name", pattern("^[a-zA-Z][a-zA-Z0-9_-]*$", "Letters, digits, - and _.")),
        ("event", pattern("^[a-z0-9-]+$", "The name of an event; `rcsim list events` prints them all.")),
        ("fault", pattern("^(end-of:)?[a-zA-Z][a-zA-Z0-9_-]*$", "An action word or the id of an entry.")),
        (
            "slots",
            pattern(
                "^ *[0-9]+(-[0-9]+)?( *, *[0-9]+(-[0-9]+)?)* *$",
                "Slots and ranges of slots, ascending.",
            ),
        ),
        (
            "target",
            pattern(
                "^(\\*|(replica-of:|master-of:)*([a-zA-Z][a-zA-Z0-9_-]*|[0-9]+|.*\\{.*))$",
                "Who is meant.",
            ),
        ),
        ("bus-message", Json::object([("enum", texts(MessageKind::ALL.iter().map(|kind| kind.name())))])),
        ("settings", settings()),
    ]
}

fn settings() -> Json {
    let types = texts(["string", "integer", "boolean"]);
    let setting = |directive: &rcsim_protocol::settings::Directive| {
        let description = Json::text(directive.meaning);
        let default = Json::text(crate::settings::show(directive.name, directive.default));
        field(
            directive.name,
            Json::object([("description", description), ("type", types.clone()), ("default", default)]),
        )
    };
    Json::object([
        ("type", Json::text("object")),
        ("description", Json::text("Settings by their names in redis.conf.")),
        ("properties", Json::Object(Settings::names().map(setting).collect())),
        ("patternProperties", Json::object([("^(x-.*|\\$comment)$", Json::raw(true))])),
        ("additionalProperties", Json::raw(false)),
    ])
}
