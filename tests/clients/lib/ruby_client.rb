# ruby-odbc through the driver; the module (odbc or odbc_utf8) is the argument. Prints TAP; called by ruby_odbc.sh.
$count = $failures = 0
def check(name, got, wanted)
  $count += 1
  return puts("ok #{$count} - #{name}") if got == wanted

  $failures += 1
  puts "not ok #{$count} - #{name}", "# got    #{got.inspect}", "# wanted #{wanted.inspect}"
end

def state
  yield
  'no error'
rescue ODBC::Error => e
  e.message[/\A(\w{5})/, 1]
end

def client(name)
  old = name == 'odbc'
  mod = ODBC
  # (The UTF-8 module mangles what is outside the BMP by itself.)
  text = "Zoë, Ναταλία, 山田, 'quoted', \\ and\nnewline"
  read = ->(value) { value.is_a?(String) ? value.dup.force_encoding('UTF-8') : value }
  db = mod.connect(ENV['CLIENT_DSN'])
  db.do('drop table if exists client_ruby')
  db.do('create table client_ruby (id integer primary key, name text, amount numeric(12,2), ratio double precision,
    day date, at timestamp, big bigint)')
  insert = db.prepare('insert into client_ruby values (?, ?, ?, ?, ?, ?, ?)')
  insert.execute(1, text, '-12345.67', 2.5, '2024-02-29', '2024-02-29 23:59:59', '4611686018427387904')
  check "#{name}: insert with parameters", insert.nrows, 1
  insert.execute(2, nil, nil, nil, nil, nil, nil)
  insert.drop
  query = db.run('select id, name, amount, ratio, day, at, big from client_ruby order by id')
  check "#{name}: names of the columns", query.columns(true).map { |c| c.name.downcase }, %w[id name amount ratio day at big]
  row, nulls = query.fetch_all
  query.drop
  row = row.map(&read)
  check "#{name}: integer, text", row[0, 2], [1, text]
  check "#{name}: numbers", [row[2].to_s, row[3]], ['-12345.67', 2.5]
  check "#{name}: a date", [row[4].year, row[4].month, row[4].day], [2024, 2, 29]
  check "#{name}: a timestamp", [row[5].year, row[5].month, row[5].day, row[5].hour, row[5].second], [2024, 2, 29, 23, 59]
  check "#{name}: bigint", row[6].to_i, 4_611_686_018_427_387_904
  check "#{name}: NULLs come back", nulls, [2] + [nil] * 6
  number = ->(sql) { q = db.run(sql); v = q.fetch[0].to_i; q.drop; v }
  count = 'select count(*) from client_ruby where id between 10 and 19'
  db.autocommit = false
  db.do('insert into client_ruby (id) values (10)')
  check "#{name}: a transaction sees its own rows", number[count], 1
  db.rollback
  check "#{name}: rollback", number[count], 0
  db.do("insert into client_ruby (id, name) values (11, 'kept')")
  db.commit
  db.autocommit = true
  check "#{name}: commit", number[count], 1
  names = ->(q, column) { all = q.fetch_all || []; q.drop; all.map { |r| read[r[column]] } }
  check "#{name}: tables", names[db.tables('client_ruby'), 2], ['client_ruby']
  check "#{name}: columns", names[db.columns('client_ruby'), 3], %w[id name amount ratio day at big]
  check "#{name}: primary key", names[db.primary_keys('client_ruby'), 3], ['id']
  check "#{name}: indexes", names[db.indexes('client_ruby'), 5].include?('client_ruby_pkey'), true
  check "#{name}: a table that is not there", state { db.run('select * from no_such_table') }, old ? 'S0002' : '42S02'
  check "#{name}: a second row with the key", state { db.do('insert into client_ruby (id) values (1)') }, old ? '23000' : '23505'
  check "#{name}: a wrong password", state { mod.connect(ENV['CLIENT_DSN'], 'app', 'wrong') }, '28000'
  db.do('drop table client_ruby')
  db.disconnect
end

require ARGV[0]
client(ARGV[0])
puts "1..#{$count}"
exit $failures.zero?
