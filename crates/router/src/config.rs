//! The sections `[router.NAME]` of a configuration: taken whole, or refused with every problem.

use std::time::Duration;

use paymux::{ConfigError, ConfigProblem, Currency, DeclineReason, Money, SourceKind, check_name, currency, nearest};
use toml::{Table, Value};

use crate::brand::BRANDS;
use crate::breaker::Limits;
use crate::rule::{Rule, Targets, When};

/// The rules of one router, as they were read and checked.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(crate) name: String,
    pub(crate) rules: Vec<Rule>,
    pub(crate) follow_ups: Vec<String>,
    /// The reasons of declines that go on to the next gateway.
    pub(crate) reasons: Vec<DeclineReason>,
    pub(crate) limits: Limits,
}

const KEYS: [&str; 5] = [
    "rules",
    "follow_ups",
    "decline_reasons",
    "breaker_failures",
    "breaker_open_secs",
];
const RULE_KEYS: [&str; 7] = [
    "amount_below",
    "amount_from",
    "card_brand",
    "country",
    "currency",
    "source",
    "to",
];
const SHARE_KEYS: [&str; 2] = ["gateway", "weight"];
const SOURCES: [SourceKind; 3] = [SourceKind::Card, SourceKind::Hosted, SourceKind::Stored];
const MOST_WEIGHT: i64 = 1_000_000;
const MOST_FAILURES: i64 = 1000;
const MOST_SECONDS: i64 = 86_400;

impl Rules {
    /// The routers of a TOML text, each a table `[router.NAME]`, whose gateways are among these names. Other sections are not looked at.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn from_toml(text: &str, gateways: &[String]) -> Result<Vec<Self>, ConfigError> {
        let whole = |what: &str| ConfigError::new(vec![ConfigProblem::whole(what)]);
        // The error's own text may quote the line, and a secret in it.
        let mut table: Table = text.parse().map_err(|_| whole("the text is not TOML"))?;
        let mut problems = Vec::new();
        let mut routers = Vec::new();
        match table.remove("router") {
            None => {}
            Some(Value::Table(tables)) => {
                for (name, value) in tables {
                    let mut reader = Reader {
                        place: format!("router `{name}`"),
                        gateways,
                        problems: &mut problems,
                    };
                    routers.extend(reader.router(name, value));
                }
            }
            Some(_) => problems.push(ConfigProblem::whole("`router` must hold tables `[router.NAME]`")),
        }
        if problems.is_empty() {
            Ok(routers)
        } else {
            Err(ConfigError::new(problems))
        }
    }

    /// The router's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The gateways that it needs, each once: those of its rules in order, then those for follow-ups.
    #[must_use]
    pub fn gateways(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let of_rules = self.rules.iter().flat_map(|rule| rule.to.names());
        for name in of_rules.chain(self.follow_ups.iter().map(String::as_str)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// Reads one part, and collects what is wrong with it.
struct Reader<'a> {
    place: String,
    gateways: &'a [String],
    problems: &'a mut Vec<ConfigProblem>,
}

impl Reader<'_> {
    fn problem(&mut self, what: impl AsRef<str>) {
        let what = format!("{}: {}", self.place, what.as_ref());
        self.problems.push(ConfigProblem::whole(what));
    }

    fn router(&mut self, name: String, value: Value) -> Option<Rules> {
        let Value::Table(mut table) = value else {
            self.problem("must be a table");
            return None;
        };
        self.unknown(&table, &KEYS);
        if let Err(rule) = check_name(&name) {
            self.problem(format!("`name` {rule}"));
        }
        if self.gateways.contains(&name) {
            self.problem("has the name of a gateway, so that nobody could tell which of them did something");
        }
        let rules = self.rules(table.remove("rules"));
        let follow_ups = self.texts(&mut table, "follow_ups");
        for gateway in &follow_ups {
            self.known(gateway);
        }
        let mut reasons = Vec::new();
        for text in self.texts(&mut table, "decline_reasons") {
            match text.parse() {
                Ok(reason) => reasons.push(reason),
                Err(_) => {
                    let hint = nearest(&text, DeclineReason::ALL.map(DeclineReason::as_str));
                    self.problem(format!("`decline_reasons`: `{text}` is not a reason{hint}"));
                }
            }
        }
        let failures = self.number(&mut table, "breaker_failures", MOST_FAILURES).unwrap_or(5);
        let open = self.number(&mut table, "breaker_open_secs", MOST_SECONDS).unwrap_or(30);
        Some(Rules {
            name,
            rules,
            follow_ups,
            reasons,
            limits: Limits {
                failures,
                open: Duration::from_secs(u64::from(open)),
            },
        })
    }

    fn rules(&mut self, value: Option<Value>) -> Vec<Rule> {
        let list = match value {
            Some(Value::Array(list)) if !list.is_empty() => list,
            Some(Value::Array(_)) | None => {
                self.problem("has no `rules`; the least is `rules = [{ to = [\"NAME\"] }]`");
                return Vec::new();
            }
            Some(_) => {
                self.problem("`rules` must be a list of tables");
                return Vec::new();
            }
        };
        let mut rules = Vec::new();
        for (number, value) in (1..).zip(list) {
            let mut reader = Reader {
                place: format!("{}, rule {number}", self.place),
                gateways: self.gateways,
                problems: self.problems,
            };
            rules.extend(reader.rule(number, value));
        }
        rules
    }

    fn rule(&mut self, number: u32, value: Value) -> Option<Rule> {
        let Value::Table(mut table) = value else {
            self.problem("must be a table");
            return None;
        };
        self.unknown(&table, &RULE_KEYS);
        let mut currencies = Vec::new();
        for code in self.texts(&mut table, "currency") {
            match currency(&code) {
                Ok(currency) => currencies.push(currency),
                Err(_) => self.problem(format!("`currency`: `{code}` is not an ISO 4217 code in upper case")),
            }
        }
        let countries = self.texts(&mut table, "country");
        for code in &countries {
            if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
                self.problem(format!(
                    "`country`: `{code}` is not an ISO 3166-1 alpha-2 code in upper case"
                ));
            }
        }
        let brands = self.words(&mut table, "card_brand", &BRANDS);
        let sources = self.words(&mut table, "source", &SOURCES.map(SourceKind::as_str));
        let from = self.amount(&mut table, "amount_from");
        let below = self.amount(&mut table, "amount_below");
        self.bounds(from, below, &currencies);
        if !brands.is_empty() && !sources.is_empty() && !sources.iter().any(|source| source == "card") {
            self.problem("never fits: it wants a `card_brand`, and a `source` that is no card");
        }
        let to = self.targets(table.remove("to"))?;
        Some(Rule {
            number,
            when: When {
                currencies,
                countries,
                brands,
                sources,
                from,
                below,
            },
            to,
        })
    }

    fn bounds(&mut self, from: Option<Money>, below: Option<Money>, currencies: &[Currency]) {
        if let (Some(from), Some(below)) = (from, below) {
            if from.currency() != below.currency() {
                self.problem("never fits: `amount_from` and `amount_below` are of two currencies");
            } else if from.minor() >= below.minor() {
                self.problem("never fits: `amount_from` is not below `amount_below`");
            }
        }
        for limit in from.into_iter().chain(below) {
            if !currencies.is_empty() && !currencies.contains(&limit.currency()) {
                self.problem(format!("never fits: {limit} is of none of its currencies"));
            }
        }
    }

    fn targets(&mut self, value: Option<Value>) -> Option<Targets> {
        let list = match value {
            Some(Value::Array(list)) if !list.is_empty() => list,
            Some(name @ Value::String(_)) => vec![name],
            Some(_) => {
                self.problem("`to` must be a list of gateways");
                return None;
            }
            None => {
                self.problem("`to` is missing: the gateways, in order or with weights");
                return None;
            }
        };
        let (mut names, mut shares) = (Vec::new(), Vec::new());
        for target in list {
            match target {
                Value::String(name) => names.push(name),
                Value::Table(table) => shares.extend(self.share(table)),
                _ => self.problem("`to` must hold names, or tables `{ gateway = \"NAME\", weight = 70 }`"),
            }
        }
        let all: Vec<String> = names
            .iter()
            .chain(shares.iter().map(|(name, _)| name))
            .cloned()
            .collect();
        for (place, name) in all.iter().enumerate() {
            self.known(name);
            if all.iter().take(place).any(|earlier| earlier == name) {
                self.problem(format!("`to` has gateway `{name}` twice"));
            }
        }
        match (names.is_empty(), shares.is_empty()) {
            (false, false) => {
                self.problem("`to` has weights for some gateways and none for others");
                None
            }
            (false, true) => Some(Targets::Ordered(names)),
            (true, false) => Some(Targets::Weighted(shares)),
            // What was wrong with them is told.
            (true, true) => None,
        }
    }

    fn share(&mut self, mut table: Table) -> Option<(String, u32)> {
        self.unknown(&table, &SHARE_KEYS);
        let name = match table.remove("gateway") {
            Some(Value::String(name)) => Some(name),
            _ => {
                self.problem("`to`: `gateway` must be a name");
                None
            }
        };
        let weight = match table.contains_key("weight") {
            true => self.number(&mut table, "weight", MOST_WEIGHT),
            false => {
                self.problem("`to`: `weight` is missing");
                None
            }
        };
        Some((name?, weight?))
    }

    fn known(&mut self, name: &str) {
        if !self.gateways.iter().any(|known| known == name) {
            let hint = nearest(name, self.gateways.iter().map(String::as_str));
            self.problem(format!("there is no gateway `{name}`{hint}"));
        }
    }

    fn unknown(&mut self, table: &Table, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            let hint = nearest(key, known.iter().copied());
            self.problem(format!("`{key}` is not a key{hint}"));
        }
    }

    /// A list of texts, or one. What is there and empty would fit nothing.
    fn texts(&mut self, table: &mut Table, key: &str) -> Vec<String> {
        let value = match table.remove(key) {
            None => return Vec::new(),
            Some(Value::String(text)) => return vec![text],
            Some(value) => value,
        };
        let list = value.as_array().map_or(&[][..], Vec::as_slice);
        let texts: Vec<_> = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if texts.is_empty() || texts.len() != list.len() {
            self.problem(format!("`{key}` must be a list of texts, and not empty"));
            return Vec::new();
        }
        texts
    }

    fn words(&mut self, table: &mut Table, key: &str, known: &[&str]) -> Vec<String> {
        let words = self.texts(table, key);
        for word in words.iter().filter(|word| !known.contains(&word.as_str())) {
            let hint = nearest(word, known.iter().copied());
            let list = known.join(", ");
            self.problem(format!("`{key}`: `{word}` is none of {list}{hint}"));
        }
        words
    }

    fn amount(&mut self, table: &mut Table, key: &str) -> Option<Money> {
        let value = table.remove(key)?;
        let amount: Option<Money> = value.as_str().and_then(|text| text.parse().ok());
        let amount = amount.filter(|amount| amount.minor() > 0);
        if amount.is_none() {
            self.problem(format!("`{key}` must be an amount above zero, as in \"1000.00 EUR\""));
        }
        amount
    }

    fn number(&mut self, table: &mut Table, key: &str, most: i64) -> Option<u32> {
        let value = table.remove(key)?;
        let number = value.as_integer().filter(|number| (1..=most).contains(number));
        if number.is_none() {
            self.problem(format!("`{key}` must be a whole number from 1 to {most}"));
        }
        number.and_then(|number| u32::try_from(number).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["backup", "cards", "old"].map(str::to_owned).to_vec()
    }

    fn problems(text: &str) -> Vec<String> {
        let error = Rules::from_toml(text, &names()).unwrap_err();
        error.problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_section_of_the_page_is_read() {
        let text = r#"
            [gateways.cards]
            whatever = 1
            [router.checkout]
            follow_ups = ["old"]
            decline_reasons = "provider_unavailable"
            breaker_open_secs = 60
            rules = [
                { currency = ["DKK"], card_brand = ["visa"], to = ["cards", "backup"] },
                { amount_from = "1000.00 EUR", to = [{ gateway = "cards", weight = 70 }, { gateway = "backup", weight = 30 }] },
                { to = "cards" },
            ]
        "#;
        let [rules] = &Rules::from_toml(text, &names()).unwrap()[..] else {
            panic!("one router");
        };
        assert_eq!((rules.name(), rules.rules.len()), ("checkout", 3));
        assert_eq!(rules.gateways(), ["cards", "backup", "old"]);
        assert_eq!(rules.reasons, [DeclineReason::ProviderUnavailable]);
        assert_eq!((rules.limits.failures, rules.limits.open.as_secs()), (5, 60));
        let weighted = Targets::Weighted(vec![("cards".to_owned(), 70), ("backup".to_owned(), 30)]);
        assert_eq!(rules.rules[1].to, weighted);
        assert_eq!(rules.rules[0].when.currencies, [Currency::DKK]);
        assert!(Rules::from_toml("[gateways.cards]", &names()).unwrap().is_empty());
    }

    #[test]
    fn every_problem_is_told_at_once_with_the_nearest_word() {
        let text = r#"
            [router.checkout]
            rule = []
            follow_ups = ["odl"]
            decline_reasons = ["provider_unavailble"]
            breaker_failures = 0
            rules = [
                { currencyy = ["DKK"], card_brand = ["vsia"], to = ["cardz", "backup"] },
                { currency = ["dkk"], country = ["Denmark"], source = [], to = [] },
                { currency = ["EUR"], amount_from = "2.00 DKK", amount_below = "1.00 DKK", to = ["cards", "cards"] },
                { amount_from = "-1.00 EUR", to = ["cards", { gateway = "backup", weight = 1 }] },
                { to = [{ gateway = "cards", weigth = 1 }, { gateway = "backup", weight = 0 }] },
                { card_brand = ["visa"], source = ["hosted"] },
                7,
            ]
            [router.empty]
            [router]
            plain = 1
        "#;
        let all = problems(text);
        for expected in [
            "router `checkout`: `rule` is not a key (did you mean `rules`?)",
            "router `checkout`: there is no gateway `odl` (did you mean `old`?)",
            "router `checkout`: `decline_reasons`: `provider_unavailble` is not a reason (did you mean `provider_unavailable`?)",
            "router `checkout`: `breaker_failures` must be a whole number from 1 to 1000",
            "router `checkout`, rule 1: `currencyy` is not a key (did you mean `currency`?)",
            "router `checkout`, rule 1: there is no gateway `cardz` (did you mean `cards`?)",
            "router `checkout`, rule 2: `currency`: `dkk` is not an ISO 4217 code in upper case",
            "router `checkout`, rule 2: `country`: `Denmark` is not an ISO 3166-1 alpha-2 code in upper case",
            "router `checkout`, rule 2: `source` must be a list of texts, and not empty",
            "router `checkout`, rule 2: `to` must be a list of gateways",
            "router `checkout`, rule 3: never fits: `amount_from` is not below `amount_below`",
            "router `checkout`, rule 3: never fits: 2.00 DKK is of none of its currencies",
            "router `checkout`, rule 3: `to` has gateway `cards` twice",
            "router `checkout`, rule 4: `amount_from` must be an amount above zero, as in \"1000.00 EUR\"",
            "router `checkout`, rule 4: `to` has weights for some gateways and none for others",
            "router `checkout`, rule 5: `weigth` is not a key (did you mean `weight`?)",
            "router `checkout`, rule 5: `to`: `weight` is missing",
            "router `checkout`, rule 5: `weight` must be a whole number from 1 to 1000000",
            "router `checkout`, rule 6: never fits: it wants a `card_brand`, and a `source` that is no card",
            "router `checkout`, rule 6: `to` is missing: the gateways, in order or with weights",
            "router `checkout`, rule 7: must be a table",
            "router `empty`: has no `rules`; the least is `rules = [{ to = [\"NAME\"] }]`",
            "router `plain`: must be a table",
        ] {
            assert!(all.iter().any(|problem| problem == expected), "{expected}\nin {all:#?}");
        }
        let brands = all.iter().find(|problem| problem.contains("`vsia`")).unwrap();
        assert!(brands.ends_with("unionpay, visa (did you mean `visa`?)"), "{brands}");
        let spaced = problems("[router.\"a b\"]\nrules = [{ to = [\"cards\"] }]");
        assert_eq!(
            spaced,
            ["router `a b`: `name` must be letters, digits, hyphens and underscores"]
        );
        assert_eq!(problems("router = 1"), ["`router` must hold tables `[router.NAME]`"]);
        assert_eq!(problems("= sk-canary"), ["the text is not TOML"]);
    }
}
