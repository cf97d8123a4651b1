//! The rows and the groups.

use super::*;

#[test]
fn codes_are_parsed_strictly() {
    for good in ["000.000.000", "800.100.153", "999.999.999"] {
        assert_eq!(code(good).to_string(), good);
    }
    for bad in [
        "",
        "800.100.15",
        "800.100.1530",
        "800.1000.153",
        "1800.100.153",
        "800-100-153",
        "800.100.153 ",
        " 800.100.153",
        "800.100.153\n",
        "800.100.15a",
        "8OO.100.153",
        "٠٠٠.٠٠٠.٠٠٠",
        "+00.000.000",
        "0.0.0",
    ] {
        assert!(bad.parse::<ResultCode>().is_err(), "{bad:?}");
    }
}

#[test]
fn the_table_is_sorted_and_complete() {
    let codes: Vec<_> = ResultCode::known().collect();
    assert_eq!(codes.len(), 633);
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));

    let mut classes = BTreeMap::new();
    let mut glosses = Vec::new();
    for code in &codes {
        let meaning = explain(*code);
        assert_eq!(meaning.decided_by, DecidedBy::Exact);
        assert!(
            (1..=8).contains(&meaning.gloss.split_whitespace().count()),
            "{code}: {}",
            meaning.gloss
        );
        *classes.entry(meaning.class.as_str()).or_insert(0) += 1;
        glosses.push(meaning.gloss);
    }
    let expected = [
        ("approved", 16),
        ("chargeback", 27),
        ("declined", 308),
        ("error", 260),
        ("pending", 11),
        ("review", 11),
    ];
    assert_eq!(classes, BTreeMap::from(expected));
    glosses.sort_unstable();
    glosses.dedup();
    assert_eq!(glosses.len(), 633, "every code has words of its own");
}

#[test]
fn the_table_can_be_asked_and_listed() {
    let rows = (CODES.list)();
    assert_eq!(rows.len(), 633);
    for (code, meaning) in rows {
        assert_eq!((CODES.explain)(&code), Some(meaning));
    }
    assert_eq!(
        (CODES.explain)("123.456.789").map(|m| m.decided_by),
        Some(DecidedBy::Nothing)
    );
    assert_eq!((CODES.explain)("20000"), None);
}

#[test]
fn every_group_has_its_rows() {
    let mut groups: BTreeMap<_, u32> = BTreeMap::new();
    for code in ResultCode::known() {
        *groups.entry(code.group().unwrap_or("none")).or_default() += 1;
    }
    let expected = [
        ("account", 35),
        ("address", 12),
        ("address_avs", 8),
        ("amount", 12),
        ("async", 10),
        ("bank", 89),
        ("blacklist", 15),
        ("chargeback", 27),
        ("communication", 16),
        ("config", 32),
        ("contact", 19),
        ("external_risk", 88),
        ("format", 65),
        ("job", 16),
        ("mac_control", 4),
        ("none", 4),
        ("pending_long", 3),
        ("pending_short", 8),
        ("reference", 44),
        ("registration", 29),
        ("risk_management", 3),
        ("risk_validation", 23),
        ("soft_decline", 1),
        ("success", 16),
        ("success_review", 11),
        ("system", 8),
        ("threeds", 24),
        ("threeds_intercard", 11),
    ];
    assert_eq!(groups, BTreeMap::from(expected));
}

/// A row and its group say the same class, so that a code that becomes known does not change sides.
#[test]
fn rows_and_groups_agree() {
    for code in ResultCode::known() {
        let class = explain(code).class;
        // A code of the same group without a row, if there is one, shows the group's own class.
        let [a, b, _] = code.parts();
        let sibling = (0..1000)
            .map(|c| format!("{a:03}.{b:03}.{c:03}").parse::<ResultCode>().unwrap())
            .find(|other| other.group() == code.group() && explain(*other).decided_by != DecidedBy::Exact);
        if let Some(sibling) = sibling.filter(|s| s.group().is_some()) {
            assert_eq!(explain(sibling).class, class, "{code} and {sibling}");
        }
    }
}

#[test]
fn groups_begin_and_end_where_they_should() {
    for (text, group) in [
        ("000.000.999", Some("success")),
        ("000.001.000", None),
        ("000.099.999", None),
        ("000.100.099", None),
        ("000.100.100", Some("success")),
        ("000.100.199", Some("success")),
        ("000.100.200", Some("chargeback")),
        ("000.100.299", Some("chargeback")),
        ("000.100.300", None),
        ("000.199.999", None),
        ("000.200.000", Some("pending_short")),
        ("000.200.999", Some("pending_short")),
        ("000.201.000", None),
        ("000.299.999", None),
        ("000.300.000", Some("success")),
        ("000.399.999", Some("success")),
        ("000.400.000", Some("success_review")),
        ("000.400.029", Some("success_review")),
        ("000.400.030", Some("communication")),
        ("000.400.031", None),
        ("000.400.039", None),
        ("000.400.040", Some("success_review")),
        ("000.400.100", Some("success_review")),
        ("000.400.101", Some("threeds_intercard")),
        ("000.400.109", Some("threeds_intercard")),
        ("000.400.110", Some("success")),
        ("000.400.111", Some("threeds_intercard")),
        ("000.400.120", Some("success")),
        ("000.400.130", None),
        ("000.400.199", Some("threeds_intercard")),
        ("000.400.200", Some("threeds_intercard")),
        ("000.400.299", Some("threeds_intercard")),
        ("000.400.300", None),
        ("000.401.000", None),
        ("000.500.000", None),
        ("000.600.000", Some("success")),
        ("000.699.999", Some("success")),
        ("000.700.000", None),
        ("100.099.999", None),
        ("100.100.000", Some("account")),
        ("100.101.000", None),
        ("100.150.000", Some("registration")),
        ("100.199.999", None),
        ("100.200.000", Some("account")),
        ("100.219.999", Some("account")),
        ("100.220.000", None),
        ("100.250.000", Some("job")),
        ("100.300.000", Some("format")),
        ("100.309.999", Some("format")),
        ("100.310.401", None),
        ("100.350.000", Some("registration")),
        ("100.360.000", Some("job")),
        ("100.370.099", Some("format")),
        ("100.370.100", Some("external_risk")),
        ("100.370.101", Some("format")),
        ("100.370.110", Some("external_risk")),
        ("100.370.119", Some("external_risk")),
        ("100.370.120", Some("format")),
        ("100.380.099", None),
        ("100.380.100", Some("external_risk")),
        ("100.380.101", Some("risk_management")),
        ("100.380.102", None),
        ("100.380.110", Some("external_risk")),
        ("100.380.120", None),
        ("100.380.200", Some("risk_management")),
        ("100.380.399", Some("risk_management")),
        ("100.380.400", Some("external_risk")),
        ("100.380.599", Some("external_risk")),
        ("100.380.600", None),
        ("100.390.000", Some("threeds")),
        ("100.391.000", None),
        ("100.394.999", None),
        ("100.395.000", Some("async")),
        ("100.397.999", Some("async")),
        ("100.398.000", None),
        ("100.400.399", Some("external_risk")),
        ("100.400.400", None),
        ("100.400.499", None),
        ("100.400.500", Some("pending_long")),
        ("100.400.501", None),
        ("100.500.000", Some("format")),
        ("100.509.999", Some("format")),
        ("100.510.000", None),
        ("100.549.999", None),
        ("100.550.000", Some("amount")),
        ("100.559.999", Some("amount")),
        ("100.560.000", None),
        ("100.570.000", Some("format")),
        ("100.600.499", None),
        ("100.600.500", Some("format")),
        ("100.600.501", None),
        ("100.700.000", Some("contact")),
        ("100.800.000", Some("address")),
        ("100.801.000", None),
        ("100.900.499", Some("contact")),
        ("100.900.500", Some("format")),
        ("100.900.501", None),
        ("100.900.600", Some("contact")),
        ("200.099.999", None),
        ("200.100.000", Some("format")),
        ("200.399.999", Some("format")),
        ("200.400.000", None),
        ("300.100.099", None),
        ("300.100.100", Some("soft_decline")),
        ("300.100.101", None),
        ("500.099.999", None),
        ("500.100.000", Some("config")),
        ("500.299.999", Some("config")),
        ("500.300.000", None),
        ("600.100.000", Some("system")),
        ("600.199.999", Some("system")),
        ("600.200.000", Some("config")),
        ("600.399.999", Some("config")),
        ("600.400.000", None),
        ("700.100.000", Some("reference")),
        ("700.150.000", Some("reference")),
        ("700.151.000", None),
        ("700.200.000", None),
        ("700.550.000", Some("reference")),
        ("700.600.000", Some("mac_control")),
        ("700.601.000", Some("mac_control")),
        ("700.602.000", None),
        ("800.099.999", None),
        ("800.100.000", Some("bank")),
        ("800.101.000", None),
        ("800.110.000", Some("risk_validation")),
        ("800.120.000", Some("risk_validation")),
        ("800.121.000", Some("config")),
        ("800.122.000", None),
        ("800.160.999", Some("risk_validation")),
        ("800.170.000", None),
        ("800.200.000", Some("blacklist")),
        ("800.399.999", Some("blacklist")),
        ("800.400.099", None),
        ("800.400.100", Some("address_avs")),
        ("800.400.200", Some("threeds")),
        ("800.400.300", None),
        ("800.400.500", Some("pending_long")),
        ("800.400.599", Some("pending_long")),
        ("800.400.600", None),
        ("800.500.000", Some("system")),
        ("800.699.999", Some("system")),
        ("800.700.000", Some("bank")),
        ("800.701.000", None),
        ("800.800.099", None),
        ("800.800.100", Some("bank")),
        ("800.800.399", Some("bank")),
        ("800.800.400", Some("system")),
        ("800.800.500", None),
        ("800.800.800", Some("system")),
        ("800.800.900", None),
        ("800.900.000", Some("format")),
        ("900.100.000", Some("communication")),
        ("900.101.000", None),
        ("900.400.999", Some("communication")),
        ("900.500.000", None),
        ("998.999.999", None),
        ("999.000.000", Some("system")),
    ] {
        assert_eq!(code(text).group(), group, "{text}");
    }
}

#[test]
fn what_is_not_in_the_table_is_decided_by_its_group_or_by_nothing() {
    let meaning = explain(code("800.100.999"));
    assert_eq!(meaning.decided_by, DecidedBy::Group("bank"));
    assert_eq!(meaning.class, CodeClass::Declined);
    assert_eq!(
        (meaning.reason, meaning.side),
        (Some(DeclineReason::Unknown), Some(Side::Issuer))
    );

    let meaning = explain(code("400.001.100"));
    assert_eq!(
        (meaning.class, meaning.decided_by),
        (CodeClass::Unknown, DecidedBy::Nothing)
    );
    for known in ["000.500.000", "100.310.401"] {
        let meaning = explain(code(known));
        assert_eq!(
            (meaning.class, meaning.decided_by),
            (CodeClass::Error, DecidedBy::Exact),
            "{known}"
        );
    }
}

#[test]
fn well_known_codes() {
    use DeclineReason as R;
    use RetryAdvice::{AfterAuthentication, Later, Never, WithNewData};
    for (text, reason, advice) in [
        ("100.100.101", R::InvalidCardNumber, WithNewData),
        ("100.100.303", R::ExpiredCard, WithNewData),
        ("100.100.600", R::InvalidCvv, WithNewData),
        ("100.100.701", R::SuspectedFraud, Never),
        ("100.380.401", R::AuthenticationFailed, AfterAuthentication),
        ("100.396.101", R::Cancelled, WithNewData),
        ("300.100.100", R::AuthenticationRequired, AfterAuthentication),
        ("700.601.003", R::RetryBlocked, Never),
        ("800.100.151", R::InvalidCardNumber, WithNewData),
        ("800.100.152", R::DoNotHonor, WithNewData),
        ("800.100.153", R::InvalidCvv, WithNewData),
        ("800.100.155", R::InsufficientFunds, Later(None)),
        ("800.100.157", R::ExpiredCard, WithNewData),
        ("800.100.158", R::SuspectedFraud, Never),
        ("800.100.159", R::LostOrStolen, Never),
        ("800.100.165", R::LostOrStolen, Never),
        ("800.100.171", R::LostOrStolen, Never),
        ("800.100.190", R::Configuration, Never),
        ("800.100.203", R::InsufficientFunds, Later(None)),
        ("800.100.325", R::CredentialsRejected, Never),
        ("800.100.403", R::RevokedByCardholder, Never),
        ("800.700.101", R::InvalidRequest, WithNewData),
    ] {
        let meaning = explain(code(text));
        assert_eq!(meaning.class, CodeClass::Declined, "{text}");
        assert_eq!((meaning.reason, meaning.advice), (Some(reason), advice), "{text}");
    }
    let review = explain(code("000.400.010"));
    assert_eq!(
        (review.class, review.reason),
        (CodeClass::Review, Some(R::AddressMismatch))
    );
    let credentials = explain(code("800.900.300"));
    assert_eq!(
        (credentials.class, credentials.reason),
        (CodeClass::Error, Some(R::CredentialsRejected))
    );
}

#[test]
fn network_advice_is_carried_to_codes_without_a_row() {
    let hours = |n: u64| RetryAdvice::Later(Some(Duration::from_secs(n * 3600)));
    for (text, advice) in [
        ("700.600.002", hours(72)),
        ("700.600.024", hours(1)),
        ("700.600.025", hours(24)),
        ("700.600.026", hours(48)),
        ("700.600.027", hours(96)),
        ("700.600.028", hours(144)),
        ("700.601.029", hours(192)),
        ("700.601.030", hours(240)),
        ("700.601.001", RetryAdvice::WithNewData),
        ("700.600.004", RetryAdvice::WithNewData),
        ("700.600.003", RetryAdvice::Never),
        ("700.600.021", RetryAdvice::Never),
        ("700.601.022", RetryAdvice::Never),
        ("700.600.040", RetryAdvice::Later(None)),
        ("700.600.102", RetryAdvice::Later(None)),
    ] {
        assert_eq!(explain(code(text)).advice, advice, "{text}");
    }
}
