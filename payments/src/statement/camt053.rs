//! A statement as ISO 20022 camt.053.001.08, the bank-to-customer statement.
//!
//! Written in three parts, so that a long statement never stands in memory: everything up to the totals, the entries
//! one by one, the end. Of a transfer's key-value pairs those are shown that fit ISO's references of 35 characters.

use std::io;

use kernel::{Currency, WalletId};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use super::{Movement, Refusal, Statement, written};

/// The namespace of the message.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";

/// Largest sum that has 18 digits.
const SUM_MINOR_MAX: u128 = 999_999_999_999_999_999;
/// Longest reference, in characters.
const REFERENCE_CHARS_MAX: usize = 35;
/// Longest line of remittance information, in characters.
const REMITTANCE_CHARS_MAX: usize = 140;

/// Whether ISO 20022 has room for every sum of the statement; those of its entries always fit.
pub fn check(statement: &Statement) -> Result<(), Refusal> {
    let sums = [
        i128::from(statement.opening_minor),
        i128::from(statement.closing_minor),
        statement.credits.total_minor,
        statement.debits.total_minor,
        statement.credits.total_minor.saturating_add(statement.debits.total_minor),
    ];
    if sums.iter().all(|sum| sum.unsigned_abs() <= SUM_MINOR_MAX) { Ok(()) } else { Err(Refusal::TooManyDigits) }
}

/// Everything before the first entry.
pub fn head(statement: &Statement) -> io::Result<String> {
    let mut xml = Xml::new();
    xml.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let document = BytesStart::new("Document").with_attributes([("xmlns", NAMESPACE)]);
    xml.0.write_event(Event::Start(document))?;
    xml.open("BkToCstmrStmt")?;
    let drawn_at = written::moment(statement.drawn_at);
    xml.within("GrpHdr", |xml| {
        xml.leaf("MsgId", &statement.id.to_string())?;
        xml.leaf("CreDtTm", &drawn_at)
    })?;
    xml.open("Stmt")?;
    xml.leaf("Id", &statement.id.to_string())?;
    xml.leaf("CreDtTm", &drawn_at)?;
    xml.within("FrToDt", |xml| {
        xml.leaf("FrDtTm", &format!("{}T00:00:00Z", statement.period.from()))?;
        xml.leaf("ToDtTm", &format!("{}T23:59:59Z", statement.period.to()))
    })?;
    xml.within("Acct", |xml| {
        xml.account_id(statement.wallet)?;
        xml.leaf("Ccy", &code(statement.currency))
    })?;
    xml.balance("OPBD", statement.opening_minor, &statement.period.from().to_string(), statement.currency)?;
    xml.balance("CLBD", statement.closing_minor, &statement.period.to().to_string(), statement.currency)?;
    xml.totals(statement)?;
    xml.finish()
}

/// One entry.
pub fn movement(statement: &Statement, movement: &Movement) -> io::Result<String> {
    let mut xml = Xml::new();
    let reference = movement.reference();
    xml.within("Ntry", |xml| {
        xml.leaf("NtryRef", &reference)?;
        xml.amount(movement.amount_minor.into(), statement.currency)?;
        if movement.reversal {
            xml.leaf("RvslInd", "true")?;
        }
        xml.within("Sts", |xml| xml.leaf("Cd", "BOOK"))?;
        xml.within("BookgDt", |xml| xml.leaf("DtTm", &written::moment(movement.booked_at)))?;
        xml.within("ValDt", |xml| xml.leaf("DtTm", &written::moment(movement.occurred_at)))?;
        xml.leaf("AcctSvcrRef", &movement.entry.to_string())?;
        xml.transaction_code(movement)?;
        xml.within("NtryDtls", |xml| xml.within("TxDtls", |xml| xml.details(statement, movement, &reference)))
    })?;
    xml.finish()
}

/// Everything behind the last entry.
pub fn tail() -> io::Result<String> {
    let mut xml = Xml::new();
    for name in ["Stmt", "BkToCstmrStmt", "Document"] {
        xml.close(name)?;
    }
    xml.finish()
}

/// A part of the document in the making.
struct Xml(Writer<Vec<u8>>);

impl Xml {
    const fn new() -> Self {
        Self(Writer::new(Vec::new()))
    }

    fn finish(self) -> io::Result<String> {
        String::from_utf8(self.0.into_inner()).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn open(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::Start(BytesStart::new(name)))
    }

    fn close(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    fn within(&mut self, name: &str, content: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        self.open(name)?;
        content(self)?;
        self.close(name)
    }

    fn leaf(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.within(name, |xml| xml.0.write_event(Event::Text(BytesText::new(&written::without_forbidden(text)))))
    }

    /// A sum without its sign, then the side it is on.
    fn amount(&mut self, minor: i128, currency: Currency) -> io::Result<()> {
        let currency_code = code(currency);
        let amount = BytesStart::new("Amt").with_attributes([("Ccy", currency_code.as_str())]);
        self.0.write_event(Event::Start(amount))?;
        self.0.write_event(Event::Text(BytesText::new(&unsigned(minor, currency))))?;
        self.close("Amt")?;
        self.leaf("CdtDbtInd", side(minor))
    }

    fn account_id(&mut self, wallet: WalletId) -> io::Result<()> {
        self.within("Id", |xml| xml.within("Othr", |xml| xml.leaf("Id", &wallet.to_string())))
    }

    fn balance(&mut self, kind: &str, minor: i64, day: &str, currency: Currency) -> io::Result<()> {
        self.within("Bal", |xml| {
            xml.within("Tp", |xml| xml.within("CdOrPrtry", |xml| xml.leaf("Cd", kind)))?;
            xml.amount(minor.into(), currency)?;
            xml.within("Dt", |xml| xml.leaf("Dt", day))
        })
    }

    fn totals(&mut self, statement: &Statement) -> io::Result<()> {
        let (credits, debits, currency) = (statement.credits, statement.debits, statement.currency);
        let net = credits.total_minor.saturating_sub(debits.total_minor);
        let count = credits.count.saturating_add(debits.count);
        self.within("TxsSummry", |xml| {
            xml.within("TtlNtries", |xml| {
                xml.leaf("NbOfNtries", &count.to_string())?;
                xml.leaf("Sum", &unsigned(credits.total_minor.saturating_add(debits.total_minor), currency))?;
                xml.within("TtlNetNtry", |xml| {
                    xml.leaf("Amt", &unsigned(net, currency))?;
                    xml.leaf("CdtDbtInd", side(net))
                })
            })?;
            for (name, turnover) in [("TtlCdtNtries", credits), ("TtlDbtNtries", debits)] {
                xml.within(name, |xml| {
                    xml.leaf("NbOfNtries", &turnover.count.to_string())?;
                    xml.leaf("Sum", &unsigned(turnover.total_minor, currency))
                })?;
            }
            Ok(())
        })
    }

    /// A payment within one institution, received or issued.
    fn transaction_code(&mut self, movement: &Movement) -> io::Result<()> {
        let family = if movement.amount_minor < 0 { "ICDT" } else { "RCDT" };
        self.within("BkTxCd", |xml| {
            xml.within("Domn", |xml| {
                xml.leaf("Cd", "PMNT")?;
                xml.within("Fmly", |xml| {
                    xml.leaf("Cd", family)?;
                    xml.leaf("SubFmlyCd", "BOOK")
                })
            })
        })
    }

    fn details(&mut self, statement: &Statement, movement: &Movement, reference: &str) -> io::Result<()> {
        self.within("Refs", |xml| {
            xml.leaf("AcctSvcrRef", &movement.entry.to_string())?;
            xml.leaf("TxId", reference)?;
            let fits = |text: &str| !text.is_empty() && text.chars().nth(REFERENCE_CHARS_MAX).is_none();
            for (key, value) in movement.metadata.iter().filter(|(key, value)| fits(key) && fits(value)) {
                xml.within("Prtry", |xml| {
                    xml.leaf("Tp", key)?;
                    xml.leaf("Ref", value)
                })?;
            }
            Ok(())
        })?;
        self.amount(movement.amount_minor.into(), statement.currency)?;
        if let Some(counterparty) = movement.counterparty {
            let account = if movement.amount_minor < 0 { "CdtrAcct" } else { "DbtrAcct" };
            self.within("RltdPties", |xml| xml.within(account, |xml| xml.account_id(counterparty)))?;
        }
        let Some(description) = movement.description.as_deref() else { return Ok(()) };
        let characters: Vec<char> = description.chars().collect();
        self.within("RmtInf", |xml| {
            characters
                .chunks(REMITTANCE_CHARS_MAX)
                .try_for_each(|line| xml.leaf("Ustrd", &line.iter().collect::<String>()))
        })
    }
}

/// ISO 4217 in upper case.
fn code(currency: Currency) -> String {
    currency.code().to_ascii_uppercase()
}

fn unsigned(minor: i128, currency: Currency) -> String {
    written::decimal(minor.saturating_abs(), currency)
}

/// Which side a sum is on; zero counts as credit.
const fn side(minor: i128) -> &'static str {
    if minor < 0 { "DBIT" } else { "CRDT" }
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};

    fn document(statement: &Statement, movements: &[Movement]) -> String {
        let entries = movements.iter().map(|line| movement(statement, line).unwrap());
        [head(statement).unwrap(), entries.collect(), tail().unwrap()].concat()
    }

    #[test]
    fn sums_have_no_sign_but_a_side() {
        let statement = samples::statement("eur", -500, &[-30, 7]);
        let xml = document(&statement, &samples::movements(&statement, &[-30, 7]));
        for part in [
            "<Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt>",
            "<Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">5.23</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2026-01-31</Dt></Dt>",
            "<TtlNtries><NbOfNtries>2</NbOfNtries><Sum>0.37</Sum><TtlNetNtry><Amt>0.23</Amt><CdtDbtInd>DBIT</CdtDbtInd>",
            "<NtryRef>wtr_00000000000000000000000001</NtryRef><Amt Ccy=\"EUR\">0.30</Amt><CdtDbtInd>DBIT</CdtDbtInd>",
            "<CdtrAcct><Id><Othr><Id>wal_00000000000000000000000009</Id>",
            "<Amt Ccy=\"EUR\">0.07</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties><DbtrAcct>",
        ] {
            assert!(xml.contains(part), "{part} is not in {xml}");
        }
    }

    #[test]
    fn sums_of_more_than_eighteen_digits_are_refused() {
        let largest = i64::try_from(SUM_MINOR_MAX).unwrap();
        assert_eq!(check(&samples::statement("eur", largest, &[])), Ok(()));
        assert_eq!(check(&samples::statement("eur", largest, &[1])), Err(Refusal::TooManyDigits));
        assert_eq!(check(&samples::statement("eur", i64::MIN, &[])), Err(Refusal::TooManyDigits));
        let mut statement = samples::statement("eur", 0, &[]);
        statement.credits.total_minor = i128::from(largest);
        statement.debits.total_minor = 1;
        assert_eq!(check(&statement), Err(Refusal::TooManyDigits));
    }

    mod schema {
        //! What the published schema says.

        use std::{
            io::Write as _,
            path::Path,
            process::{Command, Stdio},
        };

        use super::*;

        /// Asks the validator that `make setup` installs.
        fn assert_valid(xml: &str) {
            let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/iso20022/camt.053.001.08.xsd");
            let mut validator = Command::new("xmllint")
                .args(["--noout", "--nonet", "--schema"])
                .arg(schema)
                .arg("-")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("xmllint is missing: run `make setup`");
            validator.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
            let output = validator.wait_with_output().unwrap();
            assert!(output.status.success(), "{}\n{xml}", String::from_utf8_lossy(&output.stderr));
        }

        #[test]
        fn an_empty_statement_is_valid() {
            let statement = samples::statement("eur", 0, &[]);
            assert_valid(&document(&statement, &[]));
        }

        #[test]
        fn statements_of_every_exponent_and_either_sign_are_valid() {
            let largest = 9_007_199_254_740_991;
            for currency in ["jpy", "clp", "eur", "czk", "bhd", "kwd", "clf", "uyw"] {
                for opening in [0, 1, -1, 999_999_999_999_999_999 - largest, -999_999_999_999_999_999 + largest] {
                    let amounts = [largest, -largest, 1, -1];
                    let statement = samples::statement(currency, opening, &amounts);
                    check(&statement).unwrap();
                    assert_valid(&document(&statement, &samples::movements(&statement, &amounts)));
                }
            }
        }

        #[test]
        fn any_text_is_valid() {
            let statement = samples::statement("eur", 0, &[5, -5]);
            let mut movements = samples::movements(&statement, &[5, -5]);
            movements[0].description = Some("Smith & Söns <\"ß'> ]]> \u{1} \u{ffff} \u{1f600}".repeat(15));
            movements[0].metadata = [
                ("a & <b>", "<![CDATA[x]]>"),
                ("\u{10ffff}", "\u{7f}"),
                ("k", &*"v".repeat(36)),
                (&*"k".repeat(36), "v"),
                (&*"\u{e9}".repeat(35), &*"\u{1f600}".repeat(35)),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
            movements[1].description = None;
            movements[1].counterparty = None;
            movements[1].transfer = None;
            movements[1].reversal = true;
            let xml = document(&statement, &movements);
            assert_valid(&xml);
            assert!(xml.contains("Smith &amp; Söns &lt;") && !xml.contains(&"v".repeat(36)), "{xml}");
        }

        #[test]
        #[should_panic(expected = "fails to validate")]
        fn the_validator_does_refuse() {
            let statement = samples::statement("eur", 0, &[]);
            assert_valid(&document(&statement, &[]).replace("<Cd>OPBD</Cd>", ""));
        }
    }
}
