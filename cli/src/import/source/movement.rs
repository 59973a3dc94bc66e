//! A line of `trans`: money that came into an account or left it.

use std::fmt;

use kernel::Amount;
use time::Date;

use super::{Row, value};

/// Longest code of a bank or number of an account.
const CODE_BYTES_MAX: usize = 34;

/// What happened on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::import) struct Movement {
    /// The line it was read from.
    pub(in crate::import) line: u64,
    /// `trans_id`.
    pub(in crate::import) id: u64,
    /// The bank's number of the account.
    pub(in crate::import) account: u64,
    /// The day; the bank kept no time.
    pub(in crate::import) date: Date,
    /// Into the account or out of it.
    pub(in crate::import) direction: Direction,
    /// How much.
    pub(in crate::import) amount: Amount,
    /// What the bank printed as balance after it, in haléře.
    pub(in crate::import) balance_minor: i64,
    /// The other side.
    pub(in crate::import) counterparty: Counterparty,
    operation: Operation,
    purpose: Option<Purpose>,
}

/// Into the account or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::import) enum Direction {
    /// Money in.
    Credit,
    /// Money out.
    Debit,
}

/// The other side of a movement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::import) enum Counterparty {
    /// Notes and coins, over the counter or from a machine.
    Cash,
    /// Interest the bank pays or takes.
    Interest,
    /// What the bank takes for its services.
    Fees,
    /// An account at another bank.
    Elsewhere {
        /// The bank's code.
        bank: String,
        /// The number of the account there.
        account: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    CashDeposit,
    CashWithdrawal,
    CardWithdrawal,
    TransferIn,
    TransferOut,
    Interest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Interest,
    Fee,
    Household,
    Pension,
    Insurance,
    Loan,
    PenaltyInterest,
}

impl Movement {
    /// Reads a line; the answer to one that cannot be is what is wrong with it.
    pub(super) fn parse(row: &Row<'_>) -> Result<Self, String> {
        let wrong = |column: &str, is: &str| format!("{column} `{}` is {is}", row.field(column));
        let direction = match row.field("type") {
            "PRIJEM" => Direction::Credit,
            "VYDAJ" | "VYBER" => Direction::Debit,
            _ => return Err(wrong("type", "none of PRIJEM, VYDAJ and VYBER")),
        };
        let purpose = Purpose::parse(row.field("k_symbol")).ok_or_else(|| wrong("k_symbol", "unknown"))?;
        let operation =
            Operation::parse(row.field("operation"), purpose).ok_or_else(|| wrong("operation", "unknown"))?;
        if operation.direction() != direction {
            return Err(wrong("operation", &format!("no operation of type {}", row.field("type"))));
        }
        let amount = value::minor(row.field("amount")).and_then(|minor| Amount::try_new(minor).ok());
        Ok(Self {
            line: row.line,
            id: row.id("trans_id")?,
            account: row.id("account_id")?,
            date: value::date(row.field("date")).ok_or_else(|| wrong("date", "no day"))?,
            direction,
            amount: amount.ok_or_else(|| wrong("amount", "no amount"))?,
            balance_minor: value::minor(row.field("balance")).ok_or_else(|| wrong("balance", "no balance"))?,
            counterparty: counterparty(operation, purpose, row)?,
            operation,
            purpose,
        })
    }

    /// What it does to the balance, in haléře.
    pub(in crate::import) const fn effect_minor(&self) -> i64 {
        match self.direction {
            Direction::Credit => self.amount.minor(),
            Direction::Debit => -self.amount.minor(),
        }
    }

    /// What the bank's balance was before, by what it printed after, in haléře.
    pub(in crate::import) const fn balance_before_minor(&self) -> i64 {
        self.balance_minor.saturating_sub(self.effect_minor())
    }

    /// Operation and purpose in English.
    pub(in crate::import) fn description(&self) -> String {
        match (self.operation, self.purpose) {
            (Operation::Interest, _) => "Interest".to_owned(),
            (Operation::CashWithdrawal, Some(Purpose::Fee)) => "Fee".to_owned(),
            (Operation::CashWithdrawal, Some(Purpose::PenaltyInterest)) => "Penalty interest".to_owned(),
            (operation, None) => operation.words().to_owned(),
            (operation, Some(purpose)) => format!("{}: {}", operation.words(), purpose.words()),
        }
    }
}

#[cfg(test)]
impl Movement {
    /// A movement in cash of one account on one day.
    pub(in crate::import) fn example(id: u64, effect_minor: i64, balance_minor: i64) -> Self {
        let direction = if effect_minor < 0 { Direction::Debit } else { Direction::Credit };
        Self {
            line: id,
            id,
            account: 1,
            date: time::macros::date!(1993 - 01 - 01),
            direction,
            amount: Amount::try_new(effect_minor.abs()).unwrap(),
            balance_minor,
            counterparty: Counterparty::Cash,
            operation: Operation::CashDeposit,
            purpose: None,
        }
    }
}

impl fmt::Display for Counterparty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cash => formatter.write_str("cash"),
            Self::Interest => formatter.write_str("interest"),
            Self::Fees => formatter.write_str("fees"),
            Self::Elsewhere { bank, account } => write!(formatter, "{bank}/{account}"),
        }
    }
}

impl Operation {
    /// No operation but interest is interest.
    fn parse(text: &str, purpose: Option<Purpose>) -> Option<Self> {
        match (text, purpose) {
            ("VKLAD", _) => Some(Self::CashDeposit),
            ("VYBER", _) => Some(Self::CashWithdrawal),
            ("VYBER KARTOU", _) => Some(Self::CardWithdrawal),
            ("PREVOD Z UCTU", _) => Some(Self::TransferIn),
            ("PREVOD NA UCET", _) => Some(Self::TransferOut),
            ("", Some(Purpose::Interest)) => Some(Self::Interest),
            _ => None,
        }
    }

    const fn direction(self) -> Direction {
        match self {
            Self::CashDeposit | Self::TransferIn | Self::Interest => Direction::Credit,
            Self::CashWithdrawal | Self::CardWithdrawal | Self::TransferOut => Direction::Debit,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::CashDeposit => "Cash deposit",
            Self::CashWithdrawal => "Cash withdrawal",
            Self::CardWithdrawal => "Card withdrawal",
            Self::TransferIn => "Transfer from another bank",
            Self::TransferOut => "Transfer to another bank",
            Self::Interest => "Interest",
        }
    }
}

impl Purpose {
    /// `None` is an unknown text, `Some(None)` no purpose.
    #[expect(clippy::option_option, reason = "an unknown purpose is not the absence of one")]
    fn parse(text: &str) -> Option<Option<Self>> {
        Some(match text {
            "" => None,
            "UROK" => Some(Self::Interest),
            "SLUZBY" => Some(Self::Fee),
            "SIPO" => Some(Self::Household),
            "DUCHOD" => Some(Self::Pension),
            "POJISTNE" => Some(Self::Insurance),
            "UVER" => Some(Self::Loan),
            "SANKC. UROK" => Some(Self::PenaltyInterest),
            _ => return None,
        })
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Interest => "interest",
            Self::Fee => "fee",
            Self::Household => "household",
            Self::Pension => "pension",
            Self::Insurance => "insurance",
            Self::Loan => "loan",
            Self::PenaltyInterest => "penalty interest",
        }
    }
}

fn counterparty(operation: Operation, purpose: Option<Purpose>, row: &Row<'_>) -> Result<Counterparty, String> {
    match operation {
        Operation::TransferIn | Operation::TransferOut => {
            let code = |column: &str| {
                let text = row.field(column);
                let is_code = (1..=CODE_BYTES_MAX).contains(&text.len());
                if is_code && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    Ok(text.to_owned())
                } else {
                    Err(format!("{column} `{text}` names no account at another bank"))
                }
            };
            Ok(Counterparty::Elsewhere { bank: code("bank")?, account: code("account")? })
        }
        Operation::Interest => Ok(Counterparty::Interest),
        Operation::CashDeposit | Operation::CashWithdrawal | Operation::CardWithdrawal => Ok(match purpose {
            Some(Purpose::Fee) => Counterparty::Fees,
            Some(Purpose::Interest | Purpose::PenaltyInterest) => Counterparty::Interest,
            _ => Counterparty::Cash,
        }),
    }
}
