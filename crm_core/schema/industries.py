"""Industries: sections and divisions of GB/T 4754-2017, with English names after those of ISIC Rev. 4.

A line begins with the section's letter or the division's two figures, then the Chinese and the English name,
then everyday words for it. Codes and names are facts the state publishes.
"""

from __future__ import annotations

from typing import Final

INDUSTRIES: Final = """
A 农、林、牧、渔业/Agriculture, forestry and fishing/农林牧渔
01 农业/Agriculture/Farming, 种植业
02 林业/Forestry
03 畜牧业/Animal husbandry/Livestock
04 渔业/Fishing/Fishery
05 农、林、牧、渔专业及辅助性活动/Support activities for agriculture
B 采矿业/Mining and quarrying/Mining, 矿业
06 煤炭开采和洗选业/Coal mining/煤炭
07 石油和天然气开采业/Extraction of oil and gas/Oil and gas, 石油天然气
08 黑色金属矿采选业/Mining of iron ores
09 有色金属矿采选业/Mining of non-ferrous ores
10 非金属矿采选业/Mining of non-metallic minerals
11 开采专业及辅助性活动/Mining support activities
12 其他采矿业/Other mining
C 制造业/Manufacturing/制造
13 农副食品加工业/Processing of farm produce
14 食品制造业/Food manufacturing/Food, 食品
15 酒、饮料和精制茶制造业/Beverages and tea/Beverages, 饮料
16 烟草制品业/Tobacco
17 纺织业/Textiles/Textile, 纺织
18 纺织服装、服饰业/Wearing apparel/Apparel, Clothing, 服装
19 皮革、毛皮、羽毛及其制品和制鞋业/Leather and footwear
20 木材加工和木、竹、藤、棕、草制品业/Wood and wood products
21 家具制造业/Furniture/家具
22 造纸和纸制品业/Paper and paper products/Paper, 造纸
23 印刷和记录媒介复制业/Printing and recorded media/Printing, 印刷
24 文教、工美、体育和娱乐用品制造业/Stationery, crafts, sports goods and toys
25 石油、煤炭及其他燃料加工业/Refined petroleum and fuels
26 化学原料和化学制品制造业/Chemicals and chemical products/Chemicals, Chemical, 化工
27 医药制造业/Pharmaceuticals/Pharma, 医药, 制药
28 化学纤维制造业/Man-made fibres
29 橡胶和塑料制品业/Rubber and plastic products/Plastics, 塑料
30 非金属矿物制品业/Non-metallic mineral products/Glass and ceramics
31 黑色金属冶炼和压延加工业/Iron and steel/Steel, 钢铁
32 有色金属冶炼和压延加工业/Non-ferrous metals
33 金属制品业/Fabricated metal products/Metal products, 金属制品
34 通用设备制造业/General-purpose machinery/通用设备
35 专用设备制造业/Special-purpose machinery/专用设备
36 汽车制造业/Motor vehicles/Automotive, Automobile, 汽车
37 铁路、船舶、航空航天和其他运输设备制造业/Other transport equipment/Aerospace, 航空航天
38 电气机械和器材制造业/Electrical equipment/电气
39 计算机、通信和其他电子设备制造业/Computers, communication and electronics/Electronics, Hardware, 电子
40 仪器仪表制造业/Measuring instruments/Instruments, 仪器仪表, 仪表
41 其他制造业/Other manufacturing
42 废弃资源综合利用业/Recovery of waste/Recycling, 回收
43 金属制品、机械和设备修理业/Repair of metal products and machinery
D 电力、热力、燃气及水生产和供应业/Electricity, heat, gas and water supply/Utilities, 公用事业
44 电力、热力生产和供应业/Electricity and heat/Electricity, 电力
45 燃气生产和供应业/Gas supply/燃气
46 水的生产和供应业/Water supply/水务
E 建筑业/Construction/建筑
47 房屋建筑业/Construction of buildings
48 土木工程建筑业/Civil engineering/土木工程
49 建筑安装业/Building installation
50 建筑装饰、装修和其他建筑业/Building completion and finishing/装修
F 批发和零售业/Wholesale and retail trade/Trade, 贸易
51 批发业/Wholesale trade/Wholesale, 批发
52 零售业/Retail trade/Retail, 零售
G 交通运输、仓储和邮政业/Transport, storage and postal services/Transport, Transportation, Logistics, 物流
53 铁路运输业/Rail transport
54 道路运输业/Road transport
55 水上运输业/Water transport/Shipping, 航运
56 航空运输业/Air transport/Airlines, 航空
57 管道运输业/Pipeline transport
58 多式联运和运输代理业/Multimodal transport and forwarding/Forwarding, 货代
59 装卸搬运和仓储业/Handling and warehousing/Warehousing, 仓储
60 邮政业/Postal and courier services/快递
H 住宿和餐饮业/Accommodation and food services/Hospitality
61 住宿业/Accommodation/Hotels, 酒店
62 餐饮业/Food and beverage services/Restaurants, Catering, 餐饮
I 信息传输、软件和信息技术服务业/Information transmission, software and IT services/Technology, IT, 信息技术
63 电信、广播电视和卫星传输服务/Telecommunications and broadcasting/Telecommunications, Telecom, 电信
64 互联网和相关服务/Internet services/Internet, 互联网
65 软件和信息技术服务业/Software and IT services/Software, 软件
J 金融业/Finance/Financial services, 金融
66 货币金融服务/Monetary financial services/Banking, Banks, 银行
67 资本市场服务/Capital market services/Securities, 证券
68 保险业/Insurance/保险
69 其他金融业/Other financial services
K 房地产业/Real estate sector
70 房地产业/Real estate/房地产, 地产
L 租赁和商务服务业/Leasing and business services
71 租赁业/Rental and leasing/Leasing, 租赁
72 商务服务业/Business services/Consulting, Legal, Advertising, Marketing, 咨询, 广告, 法律
M 科学研究和技术服务业/Scientific research and technical services
73 研究和试验发展/Research and development/Research, 研究
74 专业技术服务业/Professional technical services/Engineering services
75 科技推广和应用服务业/Technology promotion services
N 水利、环境和公共设施管理业/Water, environment and public facilities/Environment
76 水利管理业/Water conservancy/水利
77 生态保护和环境治理业/Ecology and environmental protection/环保
78 公共设施管理业/Public facilities management
79 土地管理业/Land management
O 居民服务、修理和其他服务业/Residential, repair and other services
80 居民服务业/Residential services
81 机动车、电子产品和日用产品修理业/Repair of vehicles, electronics and household goods
82 其他服务业/Other services
P 教育/Education sector
83 教育/Education/Schools, 学校
Q 卫生和社会工作/Health and social work
84 卫生/Health/Healthcare, Medical, Hospitals, 医疗
85 社会工作/Social work
R 文化、体育和娱乐业/Culture, sports and entertainment
86 新闻和出版业/News and publishing/Media, Publishing, 出版
87 广播、电视、电影和录音制作业/Broadcasting, film and sound recording/Film, 影视
88 文化艺术业/Culture and arts/文化
89 体育/Sports
90 娱乐业/Entertainment/娱乐
S 公共管理、社会保障和社会组织/Public administration, social security and organisations/Public sector
91 中国共产党机关/Organs of the Communist Party of China
92 国家机构/State bodies/Government, 政府
93 人民政协、民主党派/Political consultative conference and parties
94 社会保障/Social security
95 群众团体、社会团体和其他成员组织/Membership organisations/Associations, 协会
96 基层群众自治组织及其他组织/Grassroots self-governing organisations
T 国际组织/International organisations
97 国际组织/International bodies
"""
