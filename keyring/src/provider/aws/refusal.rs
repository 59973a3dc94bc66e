//! What the errors of AWS KMS mean to the keyring.

use aws_sdk_kms::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use crate::{KeyringError, ProviderKind};

const AWS: ProviderKind = ProviderKind::Aws;

/// Errors are told apart by their code: the typed ones differ per call, the codes do not.
pub(super) fn refused<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> KeyringError {
    match error {
        SdkError::TimeoutError(_) => KeyringError::unavailable(AWS, "no answer in time"),
        SdkError::DispatchFailure(_) => KeyringError::unavailable(AWS, "no connection, or no credentials"),
        SdkError::ResponseError(_) => KeyringError::unavailable(AWS, "the answer broke off"),
        SdkError::ServiceError(service) => {
            let status = service.raw().status();
            match service.err().code() {
                Some(code) => from_code(code, service.err().message().unwrap_or_default(), status.is_server_error()),
                None if status.is_server_error() => KeyringError::unavailable(AWS, status.as_u16().to_string()),
                None => KeyringError::unexpected(AWS, status.as_u16().to_string()),
            }
        }
        _ => KeyringError::unexpected(AWS, "a request that could not be built"),
    }
}

fn from_code(code: &str, message: &str, server_error: bool) -> KeyringError {
    match code {
        // One code for every state that forbids the call; the state itself is only in the text.
        "KMSInvalidStateException" if message.to_lowercase().contains("pending") => {
            KeyringError::PendingDestruction { provider: AWS }
        }
        "DisabledException" | "KMSInvalidStateException" => KeyringError::Disabled { provider: AWS },
        "NotFoundException" => KeyringError::NotFound { provider: AWS },
        "InvalidCiphertextException" | "IncorrectKeyException" => KeyringError::Tampered,
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "ExpiredTokenException" => KeyringError::Denied { provider: AWS },
        "ThrottlingException"
        | "LimitExceededException"
        | "DependencyTimeoutException"
        | "KMSInternalException"
        | "KeyUnavailableException"
        | "ServiceUnavailable" => KeyringError::unavailable(AWS, code.to_owned()),
        other if server_error => KeyringError::unavailable(AWS, other.to_owned()),
        other => KeyringError::unexpected(AWS, other.to_owned()),
    }
}
