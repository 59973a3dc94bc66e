//! Pages: newest first both ways, no row twice, none skipped, also among rows of one instant.

use kernel::CustomerId;
use payments::{
    PageRequest,
    customer::{self, CustomerDraft, CustomerFilter},
};
use uuid::Uuid;

use super::world::{World, api_key, refused};

#[tokio::test]
async fn walking_forth_and_back_shows_every_row_once() {
    let world = World::start().await;
    let owner = api_key("owner");
    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    let mut made = Vec::new();
    for number in 0..25 {
        // Five rows share an instant; only their ids tell them apart.
        if number % 5 == 0 {
            world.tick();
        }
        made.push(customer::create(&context, &world.permit(&owner), CustomerDraft::default()).await.unwrap());
    }
    made.sort_by_key(|customer| std::cmp::Reverse((customer.created, customer.id)));
    let expected: Vec<CustomerId> = made.iter().map(|customer| customer.id).collect();
    let page = async |starting_after, ending_before| {
        let request = PageRequest::try_new(Some(4), starting_after, ending_before).unwrap();
        let page = customer::list(&context, &world.permit(&owner), CustomerFilter::default(), request).await.unwrap();
        (page.items.iter().map(|customer| customer.id).collect::<Vec<_>>(), page.has_more)
    };

    let mut forth = Vec::new();
    let mut cursor = None;
    loop {
        let (ids, has_more) = page(cursor, None).await;
        cursor = ids.last().copied();
        forth.extend(ids);
        assert_eq!(has_more, forth.len() < expected.len());
        if !has_more {
            break;
        }
    }
    assert_eq!(forth, expected);

    let mut back = Vec::new();
    let mut cursor = expected.last().copied();
    loop {
        let (ids, has_more) = page(None, cursor).await;
        cursor = ids.first().copied();
        back.splice(0..0, ids);
        assert_eq!(has_more, back.len() < expected.len() - 1);
        if !has_more {
            break;
        }
    }
    assert_eq!(back, expected[..24], "everything newer than the oldest, newest first");
    assert_eq!(page(expected.last().copied(), None).await, (vec![], false));
    assert_eq!(page(None, expected.first().copied()).await, (vec![], false));

    let nowhere = PageRequest::try_new(None, Some(CustomerId::from_uuid(Uuid::nil())), None).unwrap();
    let result = customer::list(&context, &world.permit(&owner), CustomerFilter::default(), nowhere).await;
    assert_eq!(refused(result), ("resource_missing", Some("starting_after")));
}
