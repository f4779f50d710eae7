-- Done at every start, as the database's administrator. A blank line ends each statement.
create table if not exists visits (
  instance text primary key,
  count bigint not null
);

-- All that the application may do: no other table, no change of this one's shape.
grant select, insert, update on visits to app;

