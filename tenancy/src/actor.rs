//! Who acts.

use kernel::{ApiKeyId, MemberId};

/// A person as an issuer knows him. An e-mail address is never an identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The `iss` that vouches.
    pub issuer: String,
    /// The `sub` it vouches for.
    pub subject: String,
}

/// Who acts in an environment. There is no bypass: jobs are actors with roles too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The merchant's staff.
    Member {
        /// The membership.
        id: MemberId,
        /// The person.
        subject: Subject,
        /// What he may.
        role: String,
        /// Whether he signed in with more than one factor (`amr`).
        multi_factor: bool,
    },
    /// A customer with a token of the tenant's provider.
    EndUser {
        /// The person; his customer is the one linked to it.
        subject: Subject,
        /// Whether he signed in with more than one factor (`amr`).
        multi_factor: bool,
    },
    /// A secret key of the environment.
    ApiKey {
        /// The key.
        id: ApiKeyId,
        /// What it may.
        role: String,
    },
    /// A job of the platform.
    System {
        /// Its name.
        job: &'static str,
        /// What it may.
        role: &'static str,
    },
}

impl Actor {
    /// The role every end user has.
    pub const END_USER_ROLE: &'static str = "customer";

    /// The role that policies decide on.
    pub fn role(&self) -> &str {
        match self {
            Self::Member { role, .. } | Self::ApiKey { role, .. } => role,
            Self::EndUser { .. } => Self::END_USER_ROLE,
            Self::System { role, .. } => role,
        }
    }

    /// What kind of actor the audit log names.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Member { .. } => "member",
            Self::EndUser { .. } => "end_user",
            Self::ApiKey { .. } => "api_key",
            Self::System { .. } => "system",
        }
    }

    /// Which one the audit log and rate limits name: an id, the subject, or the job.
    pub fn id(&self) -> String {
        match self {
            Self::Member { id, .. } => id.to_string(),
            Self::EndUser { subject, .. } => subject.subject.clone(),
            Self::ApiKey { id, .. } => id.to_string(),
            Self::System { job, .. } => (*job).to_owned(),
        }
    }

    /// The person behind a token, if there is one.
    pub const fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Member { subject, .. } | Self::EndUser { subject, .. } => Some(subject),
            Self::ApiKey { .. } | Self::System { .. } => None,
        }
    }

    /// Whether more than one factor was used; keys and jobs have none to use.
    pub const fn multi_factor(&self) -> bool {
        match self {
            Self::Member { multi_factor, .. } | Self::EndUser { multi_factor, .. } => *multi_factor,
            Self::ApiKey { .. } | Self::System { .. } => false,
        }
    }
}
