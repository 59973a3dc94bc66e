//! A small browser: keeps cookies, follows redirects, submits forms.

use reqwest::{Client, Method, RequestBuilder, header::LOCATION, redirect::Policy};
use url::Url;

use super::form::{Form, alert};
use crate::{
    error::{Asking, StackError},
    identity::CALLBACK,
};

/// A sign-in takes five; more is a circle.
const REDIRECTS_MAX: usize = 12;

/// What the person sees next.
#[derive(Debug)]
pub(super) enum View {
    /// A page.
    Page(Page),
    /// Nothing: the browser was sent back to the program, with this address.
    Returned(Url),
}

#[derive(Debug)]
pub(super) struct Page {
    url: Url,
    html: String,
}

pub(super) struct Browser {
    client: Client,
}

impl Browser {
    pub(super) fn open_new() -> Result<Self, StackError> {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).build();
        Ok(Self { client: client.asking(|| "make a browser".to_owned())? })
    }

    /// Goes to an address.
    pub(super) async fn open(&self, url: Url) -> Result<View, StackError> {
        self.follow(self.client.get(url.clone()), url).await
    }

    /// Submits the form that `fill` completes.
    pub(super) async fn submit(
        &self,
        page: &Page,
        id: &str,
        fill: impl FnOnce(Form) -> Form,
    ) -> Result<View, StackError> {
        let form = Form::find(&page.html, id).map(fill).ok_or_else(|| page.unexpected(&format!("no form {id}")))?;
        let url = join(&page.url, &form.action)?;
        self.follow(self.client.request(Method::POST, url.clone()).form(&form.fields), url).await
    }

    async fn follow(&self, first: RequestBuilder, first_url: Url) -> Result<View, StackError> {
        let (mut request, mut url) = (first, first_url);
        for _ in 0..REDIRECTS_MAX {
            let action = || format!("open {}", url.path());
            let response = request.send().await.asking(action)?;
            let Some(location) = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()) else {
                let html = response.text().await.asking(action)?;
                return Ok(View::Page(Page { url, html }));
            };
            url = join(&url, location)?;
            if url.as_str().starts_with(CALLBACK) {
                return Ok(View::Returned(url));
            }
            request = self.client.get(url.clone());
        }
        Err(StackError::Refused { action: "follow the identity provider".to_owned(), answer: "a circle".to_owned() })
    }
}

impl Page {
    /// Whether the page shows the form.
    pub(super) fn shows(&self, form: &str) -> bool {
        Form::find(&self.html, form).is_some()
    }

    /// Whether the page's text has `text` in it.
    pub(super) fn says(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    /// The message that the page shows to the person.
    pub(super) fn alert(&self) -> Option<String> {
        alert(&self.html)
    }

    pub(super) fn unexpected(&self, what: &str) -> StackError {
        let answer = self.alert().unwrap_or_else(|| what.to_owned());
        StackError::Refused { action: format!("cannot go on at {}", self.url.path()), answer }
    }
}

pub(super) fn join(base: &Url, target: &str) -> Result<Url, StackError> {
    base.join(target).map_err(|error| StackError::Refused {
        action: format!("understand the address {target}"),
        answer: error.to_string(),
    })
}
