//! Pages of a list, and the tokens that lead from one to the next.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::parameter::invalid;
use crate::error::EcrError;

/// The page size when none is asked for, for every list of ECR.
const DEFAULT_SIZE: u32 = 100;

/// The page of `items` that `token` leads to, and the token of the next one. A token is good only
/// for the list it was made for: `list` names that.
pub(crate) fn page<'a, T>(
    items: &'a [T],
    list: &str,
    token: Option<&str>,
    size: usize,
) -> Result<(&'a [T], Option<String>), EcrError> {
    let start = match token {
        None => 0,
        Some(token) => offset(token, list)
            .filter(|offset| *offset < items.len())
            .ok_or_else(|| invalid("nextToken", "Invalid token"))?,
    };
    let end = items.len().min(start.saturating_add(size));
    let next = (end < items.len()).then(|| seal(end, list));
    Ok((items.get(start..end).unwrap_or_default(), next))
}

/// The same of a list whose end is not recorded: its last page has a token, which leads to what is not known.
pub(crate) fn beginning<'a, T>(
    items: &'a [T],
    list: &str,
    token: Option<&str>,
    size: usize,
) -> Result<(&'a [T], Option<String>), EcrError> {
    let end = seal(items.len(), list);
    if token == Some(&end) {
        return Err(EcrError::not_recorded());
    }
    let (part, next) = page(items, list, token, size)?;
    Ok((part, next.or(Some(end))))
}

/// A page size that ECR accepts.
pub(crate) fn size(asked: Option<u32>) -> Result<usize, EcrError> {
    match asked.unwrap_or(DEFAULT_SIZE) {
        0 => Err(invalid("maxResults", "Member must have value greater than or equal to 1")),
        size if size > 1_000 => {
            Err(invalid("maxResults", "Member must have value less than or equal to 1000"))
        }
        size => usize::try_from(size).map_err(|error| invalid("maxResults", &error.to_string())),
    }
}

/// Refuses pages where the request names what it wants.
pub(crate) fn unpaged(
    named_by: &str,
    size: Option<u32>,
    token: Option<&str>,
) -> Result<(), EcrError> {
    let given = [("maxResults", size.is_some()), ("nextToken", token.is_some())];
    match given.into_iter().find(|(_, is)| *is) {
        Some((parameter, _)) => {
            Err(invalid(parameter, &format!("Cannot be used with '{named_by}'")))
        }
        None => Ok(()),
    }
}

fn seal(offset: usize, list: &str) -> String {
    let check = Sha256::digest(format!("{offset} {list}"));
    URL_SAFE_NO_PAD.encode(format!("{offset} {check:x}"))
}

fn offset(token: &str, list: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let offset = text.split_once(' ')?.0.parse().ok()?;
    (seal(offset, list) == token).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::{page, size};

    #[test]
    fn pages_cover_a_list_once_and_the_last_has_no_token() {
        let items: Vec<u32> = (0..250).collect();
        let mut seen = Vec::new();
        let mut token: Option<String> = None;
        let mut pages = 0;
        loop {
            let (part, next) = page(&items, "list", token.as_deref(), 100).unwrap();
            seen.extend_from_slice(part);
            pages += 1;
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), (items, 3));
    }

    #[test]
    fn an_empty_list_is_one_empty_page() {
        assert_eq!(page::<u8>(&[], "list", None, 100).unwrap(), (&[][..], None));
    }

    #[test]
    fn a_token_of_another_list_or_of_nobody_is_refused() {
        let items = [0; 3];
        let (_, token) = page(&items, "list", None, 2).unwrap();
        let token = token.unwrap();
        assert!(page(&items, "list", Some(&token), 2).is_ok());
        for (list, token) in [("other", token.as_str()), ("list", "x"), ("list", "")] {
            let error = page(&items, list, Some(token), 2).unwrap_err();
            assert_eq!(error.code, "InvalidParameterException");
        }
    }

    #[test]
    fn a_page_size_is_1_to_1000() {
        assert_eq!(size(None).unwrap(), 100);
        assert_eq!(size(Some(1_000)).unwrap(), 1_000);
        assert!(size(Some(0)).is_err() && size(Some(1_001)).is_err());
    }
}
