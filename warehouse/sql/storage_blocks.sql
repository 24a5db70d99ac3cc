-- Bytes of the blocks of the open file, and of those that hold nothing.
SELECT total_blocks * block_size, free_blocks * block_size
FROM pragma_database_size() WHERE database_name = current_database()
