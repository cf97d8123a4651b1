//! Reads a list of codes as it was downloaded: comma, semicolon or tab separated, plain lines, or JSON of nearly any shape.

use serde_json::Value;

/// A list of codes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) rows: Vec<Row>,
    /// What was not read as a code, by its place.
    pub(crate) skipped: Vec<String>,
}

/// One code with its text, if it has one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) code: String,
    pub(crate) text: Option<String>,
}

type IsCode<'a> = &'a dyn Fn(&str) -> bool;

const CODE_NAMES: [&str; 6] = [
    "code",
    "resultcode",
    "responsecode",
    "statuscode",
    "reasoncode",
    "status",
];
const TEXT_NAMES: [&str; 6] = ["description", "text", "message", "meaning", "gloss", "name"];

/// Reads a list; the form of the codes decides what is one.
///
/// # Errors
/// It begins like JSON and is none.
pub(crate) fn read(text: &str, is_code: IsCode<'_>) -> Result<List, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut list = List::default();
    if text.trim_start().starts_with(['{', '[']) {
        let value = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
        walk(&value, is_code, &mut list);
    } else {
        list = separated(text, is_code);
    }
    Ok(list)
}

/// A name without case, blanks, `_` and `-`.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

fn walk(value: &Value, is_code: IsCode<'_>, list: &mut List) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, is_code, list)),
        Value::Object(fields) => {
            let named = |names: &[&str]| {
                let of = |wanted: &&str| fields.iter().find(|(name, _)| plain(name) == **wanted);
                names.iter().filter_map(of).find_map(|(_, value)| scalar(value))
            };
            if let Some(code) = named(&CODE_NAMES) {
                list.put(code, named(&TEXT_NAMES), is_code, String::new);
                return;
            }
            for (name, value) in fields {
                match value {
                    Value::String(text) if is_code(name) => {
                        list.put(name.clone(), Some(text.clone()), is_code, String::new);
                    }
                    Value::Array(_) | Value::Object(_) => walk(value, is_code, list),
                    _ => {}
                }
            }
        }
        scalar_value => {
            if let Some(code) = scalar(scalar_value) {
                list.put(code, None, is_code, String::new);
            }
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl List {
    fn put(&mut self, code: String, text: Option<String>, is_code: IsCode<'_>, place: impl FnOnce() -> String) {
        if is_code(&code) {
            let text = text.filter(|text| !text.is_empty());
            self.rows.push(Row { code, text });
        } else {
            let place = place();
            let shown: String = code.chars().take(40).collect();
            self.skipped.push(format!("{place}`{shown}`"));
        }
    }
}

fn separated(text: &str, is_code: IsCode<'_>) -> List {
    let mut best: Option<List> = None;
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let separators = ['\t', ';', ','].into_iter().filter(|mark| first.contains(*mark));
    // The separator that shows the most codes, the first of equals: a comma in a plain line's text shows none.
    for separator in separators.map(Some).chain([None]) {
        let found = columns(&records(text, separator), is_code);
        if best.as_ref().is_none_or(|best| found.rows.len() > best.rows.len()) {
            best = Some(found);
        }
    }
    best.unwrap_or_default()
}

fn columns(records: &[(usize, Vec<String>)], is_code: IsCode<'_>) -> List {
    let mut list = List::default();
    let (mut code_at, mut text_at) = (None, None);
    let mut body = records;
    if let [(_, head), rest @ ..] = body {
        let at = |names: &[&str]| {
            let of = |name: &&str| head.iter().position(|cell| plain(cell) == **name);
            names.iter().find_map(of)
        };
        if let Some(found) = at(&CODE_NAMES) {
            (code_at, text_at, body) = (Some(found), at(&TEXT_NAMES), rest);
        }
    }
    // Without a heading: the first column that has a code.
    let first = || {
        body.iter()
            .find_map(|(_, cells)| cells.iter().position(|cell| is_code(cell)))
    };
    let code_at = code_at.or_else(first).unwrap_or(0);
    let text_at = text_at.unwrap_or(code_at.saturating_add(1));
    for (line, cells) in body {
        let Some(code) = cells.get(code_at) else {
            list.skipped.push(format!("line {line}"));
            continue;
        };
        list.put(code.clone(), cells.get(text_at).cloned(), is_code, || {
            format!("line {line} ")
        });
    }
    list
}

/// The records that are not blank, each with the number of its line. Without a separator, the first blanks separate.
fn records(text: &str, separator: Option<char>) -> Vec<(usize, Vec<String>)> {
    let Some(separator) = separator else {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let split = |line: &str| match line.trim().split_once(char::is_whitespace) {
            Some((code, text)) => vec![unquoted(code), text.trim().to_owned()],
            None => vec![unquoted(line.trim())],
        };
        return lines.map(|(at, line)| (at.saturating_add(1), split(line))).collect();
    };
    let mut records = Vec::new();
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut line, mut start, mut inside) = (1_usize, 1, false);
    let mut chars = text.chars().chain(['\n']).peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if inside && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if inside => inside = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                inside = true;
            }
            // A quotation mark that is never closed ends with the text.
            '\n' if !inside || chars.peek().is_none() => {
                cells.push(std::mem::take(&mut cell).trim().to_owned());
                let record: Vec<String> = std::mem::take(&mut cells);
                if record.iter().any(|cell| !cell.is_empty()) {
                    records.push((start, record));
                }
                line = line.saturating_add(1);
                start = line;
            }
            c if c == separator && !inside => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            c => {
                line = line.saturating_add(usize::from(c == '\n'));
                cell.push(c);
            }
        }
    }
    records
}

fn unquoted(text: &str) -> String {
    text.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> bool {
        text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit())
    }

    fn rows(text: &str) -> Vec<(String, String)> {
        let list = read(text, &digits).unwrap();
        let row = |row: Row| (row.code, row.text.unwrap_or_default());
        list.rows.into_iter().map(row).collect()
    }

    #[test]
    fn the_same_list_in_many_shapes() {
        let expected = [("100", "one, \"two\""), ("200", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        for text in [
            "code,description\n100,\"one, \"\"two\"\"\"\n200,\n",
            "\u{feff}Code,Description\r\n100,\"one, \"\"two\"\"\"\r\n\r\n200,\r\n",
            "group;Result Code;text\nx;100;one, \"two\"\nx;200;",
            "100\tone, \"two\"\n200\t\n",
            "100 one, \"two\"\n200",
            r#"{"resultCodes":[{"code":"100","description":"one, \"two\""},{"code":"200","description":""}]}"#,
            r#"[{"result_code":100,"text":"one, \"two\""},{"result_code":200}]"#,
            r#"{"codes":{"100":"one, \"two\"","200":""}}"#,
        ] {
            assert_eq!(rows(text), expected, "{text}");
        }
        assert_eq!(read(r#"["100","200"]"#, &digits).unwrap().rows.len(), 2);
    }

    #[test]
    fn what_is_no_code_is_named_by_its_place() {
        let list = read("code,text\n100,a\n\nfoot,note\n200,\"two\nlines\"\nend,x\n", &digits).unwrap();
        assert_eq!(list.rows.len(), 2);
        assert_eq!(list.skipped, ["line 4 `foot`", "line 7 `end`"]);
        let list = read(r#"[{"code":"1000"},{"code":"100"}]"#, &digits).unwrap();
        assert_eq!((list.rows.len(), list.skipped), (1, vec!["`1000`".to_owned()]));
    }

    #[test]
    fn broken_files() {
        assert!(read("{\"codes\":", &digits).unwrap_err().starts_with("is not JSON"));
        assert_eq!(read("", &digits).unwrap(), List::default());
        assert_eq!(rows("code,text\n100,\"never closed\n200,b\n").len(), 1);
    }
}
