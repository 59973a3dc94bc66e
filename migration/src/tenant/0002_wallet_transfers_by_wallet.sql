-- A wallet's movements are listed newest first; without these the whole table is read.
CREATE INDEX wallet_transfer_source ON wallet_transfer (source_wallet_id, created_at DESC, id DESC);
CREATE INDEX wallet_transfer_destination ON wallet_transfer (destination_wallet_id, created_at DESC, id DESC);
